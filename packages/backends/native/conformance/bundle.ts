// Bundles the specs, tfjs-core, the stock cpu backend and the native one, so that all of them share one tfjs-core. Node
// cannot load the specs as they are: ES modules with extension-less imports in a package that is not of type "module".
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

// tfjs-core's jasmine_util makes a jasmine of its own to set a timeout on; give it the running one.
const runningJasmine: Plugin = {
  name: 'running-jasmine',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^jasmine-core\// }, () => ({ path: 'jasmine', namespace: 'running-jasmine' }));
    onLoad({ filter: /.*/, namespace: 'running-jasmine' }, () => ({
      contents: 'export const core = () => globalThis.jasmine;',
    }));
  },
};

/** Writes the bundle to `outfile` and returns the specs' source files. */
export async function bundleSpecs(outfile: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [path.join(import.meta.dirname, 'suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // tfjs-core lists the files with side effects, and the specs are not among them.
    ignoreAnnotations: true,
    banner: { js: "const require = (await import('node:module')).createRequire(import.meta.url);" },
    plugins: [runningJasmine],
    metafile: true,
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs).filter((file) => /tfjs-core\/dist\/.*_test\.js$/.test(file));
}
