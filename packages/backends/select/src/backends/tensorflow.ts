import util from 'node:util';
import type { Backend } from '../backend.ts';
import { firstLine, optionalImport } from '../optional-import.ts';

/** The CUDA build first; both register themselves with tfjs under the name `tensorflow`. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

export const tensorflow: Backend = {
  name: 'tensorflow',
  summary: "TensorFlow's C library through tfjs-node-gpu (CUDA) or tfjs-node",
  async register(threads) {
    restoreRemovedFunctions();
    // TensorFlow reads these once, while its library loads.
    process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
    process.env.TF_NUM_INTEROP_THREADS ??= '1';
    const reasons: string[] = [];
    for (const name of packages) {
      try {
        await quietly(() => optionalImport(name));
        return { threads };
      } catch (error) {
        reasons.push(firstLine(error));
      }
    }
    const none = reasons.every((reason) => reason.endsWith('is not installed'));
    throw new Error(none ? `neither ${packages.join(' nor ')} is installed` : reasons.join('; '));
  },
};

/** tfjs-node 4.22 calls a function that Node.js 23 removed from `util`. */
function restoreRemovedFunctions(): void {
  if ('isNullOrUndefined' in util) return;
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === undefined || value === null });
}

/** Without its library tfjs-node prints several lines before it throws; the reason that is thrown says enough. */
async function quietly<T>(load: () => Promise<T>): Promise<T> {
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    return await load();
  } finally {
    Object.assign(console, { error, warn });
  }
}
