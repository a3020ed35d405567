import { DivergenceError } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

interface Pending {
  readonly loss: tf.Scalar | number;
  readonly size: number;
  readonly step: number;
}

/** Losses wait here on the backend until some are read at once, so that the steps between need not wait for a read. */
export class LossMeter {
  readonly #describe: (step: number) => string;
  #pending: Pending[] = [];
  #sum = 0;
  #examples = 0;
  #latest: number | undefined;
  #divergedAt: number | undefined;

  /** @param describe how an error calls a step */
  constructor(describe: (step: number) => string) {
    this.#describe = describe;
  }

  /** The step's mean loss over `size` examples; the meter disposes a scalar. */
  add(loss: tf.Scalar | number, size: number, step: number): void {
    this.#pending.push({ loss, size, step });
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** The last loss that was read. */
  get latest(): number | undefined {
    return this.#latest;
  }

  /** The first step whose loss was not finite, once it was read. */
  get divergedAt(): number | undefined {
    return this.#divergedAt;
  }

  /**
   * Reads what waits.
   *
   * @throws DivergenceError naming the first step whose loss is not finite
   */
  async read(): Promise<void> {
    if (this.#pending.length === 0) return;
    const read = this.#pending;
    this.#pending = [];
    const values = await valuesOf(read);
    for (let i = 0; i < read.length; i++) {
      if (!Number.isFinite(values[i])) {
        this.#divergedAt = read[i].step;
        throw new DivergenceError(`Training diverged: the loss is ${values[i]} at ${this.#describe(read[i].step)}.`);
      }
      this.#sum += values[i] * read[i].size;
      this.#examples += read[i].size;
      this.#latest = values[i];
    }
  }

  /** The mean over all examples since the last call. */
  async takeMean(): Promise<number> {
    await this.read();
    const mean = this.#sum / this.#examples;
    this.#sum = 0;
    this.#examples = 0;
    return mean;
  }

  dispose(): void {
    tf.dispose(scalarsOf(this.#pending));
    this.#pending = [];
  }
}

/** The losses as numbers, those on the backend read in one go; disposes them. */
async function valuesOf(pending: readonly Pending[]): Promise<number[]> {
  using scope = new TensorScope();
  const scalars = scope.own(scalarsOf(pending));
  const read = scalars.length > 0 ? await scope.make(() => tf.stack(scalars)).data() : [];
  let next = 0;
  return pending.map(({ loss }) => (typeof loss === 'number' ? loss : read[next++]));
}

function scalarsOf(pending: readonly Pending[]): tf.Scalar[] {
  return pending.map(({ loss }) => loss).filter((loss) => typeof loss !== 'number');
}
