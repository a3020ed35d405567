import { registerHooks } from 'node:module';
import { codeOf } from '@prunebench/core';

/** What plugins are written with: the suite's packages, and the libraries whose objects cross between plugin and suite. */
const OFFERED = /^(@prunebench\/[^/]+|zod|@tensorflow\/tfjs-core)(\/|$)/;
const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

let offered = false;

/**
 * From now on a module that does not find one of these packages itself, as one outside the repository cannot, gets the
 * runner's. Whoever installed their own keeps it, and every other package has to be found as usual.
 */
export function offerPackages(): void {
  if (offered) return;
  offered = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        const own = context.parentURL === import.meta.url; // import.meta.resolve comes through here too.
        const missing = NOT_FOUND.has(codeOf(error) ?? '');
        const url = !own && missing && OFFERED.test(specifier) ? found(specifier) : undefined;
        if (url === undefined) throw error;
        return { url, shortCircuit: true };
      }
    },
  });
}

/** As `import` resolves it, for `require` as well: Zod has two copies of itself, and the suite uses this one. */
function found(specifier: string): string | undefined {
  try {
    return import.meta.resolve(specifier);
  } catch {
    return undefined; // The first error names the plugin, this one would name this file.
  }
}
