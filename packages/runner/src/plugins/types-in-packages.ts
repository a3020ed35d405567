import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@prunebench/core';

/** By its code an error of Node.js that is left for CommonJS, whose types no hook can take away. */
export const UNSTRIPPED = 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING';

const MODULE_SYNTAX = /^\s*(import|export)\b/m;

let registered = false;

/**
 * From now on TypeScript modules below `node_modules`, which Node.js refuses, run as they do elsewhere: an installed plugin may be
 * written in it.
 */
export function stripTypesInPackages(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    load(url, context, nextLoad) {
      if (!/\/node_modules\/.*\.m?ts$/.test(url)) return nextLoad(url, context);
      const source = readFileSync(fileURLToPath(url), 'utf8');
      // Without a "type" in its package.json a module is one by its syntax.
      const isModule = context.format === 'module-typescript' || (!context.format && MODULE_SYNTAX.test(source));
      if (!isModule) return nextLoad(url, context);
      return { format: 'module', source: withoutTypes(source, url), shortCircuit: true };
    },
  });
}

/** Spaces stand where types were, so that lines and columns stay. */
function withoutTypes(source: string, url: string): string {
  const { emitWarning } = process;
  // Stable since Node.js 25; before, its first call warns of an experiment.
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    throw new SyntaxError(`${messageOf(error)} (${fileURLToPath(url)})`);
  } finally {
    process.emitWarning = emitWarning;
  }
}
