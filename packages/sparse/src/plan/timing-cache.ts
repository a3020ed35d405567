import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { contentHash } from '@prunebench/core';
import writeFileAtomic from 'write-file-atomic';

/** Rises when a kernel changes enough that its old times are wrong. */
const KERNELS_VERSION = 2;

/** Kernel times measured on this machine, by description of what was timed. They only steer choices, so a lost file costs time alone. */
export class TimingCache {
  readonly #file: string;
  readonly #milliseconds: Map<string, number>;
  #changed = false;

  private constructor(file: string, milliseconds: Map<string, number>) {
    this.#file = file;
    this.#milliseconds = milliseconds;
  }

  /** The file of this machine: .cache/sparse-timings/ at the repository's root, or under the variable PRUNEBENCH_CACHE. */
  static async open(machine: Readonly<Record<string, unknown>>): Promise<TimingCache> {
    const root = process.env.PRUNEBENCH_CACHE || resolve(import.meta.dirname, '../../../../.cache');
    const name = contentHash({ ...machine, cpu: cpus()[0]?.model ?? 'unknown', version: KERNELS_VERSION });
    const file = join(root, 'sparse-timings', `${name}.json`);
    const known = await readFile(file, 'utf8').then(parseTimes, () => []);
    return new TimingCache(file, new Map(known));
  }

  /** The times of `keys`; those that are not known are measured together. */
  times(keys: readonly string[], measure: (unknown: readonly number[]) => readonly number[]): readonly number[] {
    const unknown = [...keys.keys()].filter((i) => !this.#milliseconds.has(keys[i]));
    if (unknown.length > 0) {
      for (const [place, milliseconds] of measure(unknown).entries())
        this.#milliseconds.set(keys[unknown[place]], milliseconds);
      this.#changed = true;
    }
    return keys.map((key) => this.#milliseconds.get(key)!);
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    await mkdir(join(this.#file, '..'), { recursive: true });
    await writeFileAtomic(this.#file, JSON.stringify(Object.fromEntries(this.#milliseconds), null, 1));
    this.#changed = false;
  }
}

/** A damaged file counts as empty: everything in it can be measured again. */
function parseTimes(text: string): [string, number][] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return [];
    return Object.entries(parsed).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  } catch {
    return [];
  }
}
