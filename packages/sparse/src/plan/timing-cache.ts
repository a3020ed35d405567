import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { contentHash } from '@prunebench/core';
import { makeFolder, optionally, readText, sweepLeftovers, writeWhole } from '@prunebench/files';
import { z } from 'zod';
import type { BestTimes } from './time.ts';

/** Rises when a kernel changes enough that its old times are wrong. */
const KERNELS_VERSION = 3;

/** Other processes may be writing into the folder; a file of yesterday is none of theirs. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** The times of the ways to compute a product, by the name of each. */
type KernelTimes = Readonly<Record<string, number>>;

/** Kernel times measured on this machine, by description of the product. They only steer choices, so a lost file costs time alone. */
export class TimingCache {
  readonly #file: string;
  readonly #products: Map<string, KernelTimes>;
  #changed = false;

  private constructor(file: string, products: Map<string, KernelTimes>) {
    this.#file = file;
    this.#products = products;
  }

  /** The file of this machine: .cache/sparse-timings/ at the repository's root, or under the variable PRUNEBENCH_CACHE. */
  static async open(machine: Readonly<Record<string, unknown>>): Promise<TimingCache> {
    const root = resolve(process.env.PRUNEBENCH_CACHE || join(import.meta.dirname, '../../../../.cache'));
    const name = contentHash({ ...machine, cpu: cpus()[0]?.model ?? 'unknown', version: KERNELS_VERSION });
    const file = join(root, 'sparse-timings', `${name}.json`);
    const known = await readText(file).then(parseProducts, () => []);
    return new TimingCache(file, new Map(known));
  }

  /**
   * Milliseconds of each kernel of a product. Unless all are known, all are measured together: a clock that has changed since would
   * decide instead of the kernels. Times that did not settle are used once and measured again the next time.
   */
  times(product: string, kernels: readonly string[], measure: () => BestTimes): readonly number[] {
    const known = this.#products.get(product);
    if (known && kernels.every((kernel) => kernel in known)) return kernels.map((kernel) => known[kernel]);
    const { milliseconds, settled } = measure();
    if (settled) {
      this.#products.set(product, Object.fromEntries(kernels.map((kernel, i) => [kernel, milliseconds[i]])));
      this.#changed = true;
    }
    return milliseconds;
  }

  /** Keeps the times for the next process. Where that is not possible a notice says so: they can be measured again. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const folder = dirname(this.#file);
    await optionally('The times of kernels are not kept (PRUNEBENCH_CACHE names another folder)', async () => {
      await makeFolder(folder, 'the variable PRUNEBENCH_CACHE');
      await sweepLeftovers(folder, { olderThan: DAY_MS });
      await writeWhole(this.#file, JSON.stringify(Object.fromEntries(this.#products), null, 1));
    });
    this.#changed = false;
  }
}

const timingFile = z.record(z.string(), z.record(z.string(), z.number().positive()));

/** A damaged file counts as empty: everything in it can be measured again. */
function parseProducts(text: string): [string, KernelTimes][] {
  try {
    return Object.entries(timingFile.parse(JSON.parse(text)));
  } catch {
    return [];
  }
}
