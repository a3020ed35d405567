import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The absolute path of the module that a user names: a file, from `folder` on, or else a package that is installed there ("my-criteria").
 * Where there is neither it is that of the file, which whoever loads it finds missing.
 */
export function pluginPath(name: string, folder: string): string {
  const file = resolve(folder, name);
  return existsSync(file) ? file : (packageMain(name, folder) ?? file);
}

/** What `import name` loads in a module of `folder`. */
function packageMain(name: string, folder: string): string | undefined {
  const parentURL = pathToFileURL(join(folder, 'plugin.js')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) =>
      nextResolve(specifier, specifier === name ? { ...context, parentURL } : context),
  });
  try {
    const url = import.meta.resolve(name);
    return url.startsWith('file:') ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  } finally {
    hooks.deregister();
  }
}
