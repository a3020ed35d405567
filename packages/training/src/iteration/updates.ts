import type { TrainOptions } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { learningRateAt } from './learning-rate.ts';
import { createOptimizer, type Optimizer, type Trainable } from './optimizer.ts';

/** What moves some of the trained tensors. */
export interface UpdateGroup {
  readonly trainables: readonly Trainable[];
  readonly options: Pick<TrainOptions, 'optimizer' | 'learningRate' | 'schedule' | 'warmup' | 'weightDecay'>;
}

/** The optimizers of a training: one for the network's parameters, one for each group of an extension's variables. */
export class Updates implements Disposable {
  readonly trainables: readonly Trainable[];
  readonly #groups: readonly (UpdateGroup & { readonly optimizer: Optimizer })[];
  readonly #scope: TensorScope;
  #rates: { values: readonly (readonly number[])[]; tensors: tf.Tensor[] } | undefined;

  constructor(groups: readonly UpdateGroup[]) {
    using scope = new TensorScope();
    this.#groups = groups.map((group) => ({
      ...group,
      optimizer: scope.adopt(createOptimizer(group.trainables, group.options)),
    }));
    this.trainables = groups.flatMap(({ trainables }) => trainables);
    this.#scope = scope.move();
  }

  /**
   * What changes from step to step, for each optimizer.
   *
   * @param age steps since the optimizers began without history
   */
  ratesAt(step: number, totalSteps: number, age: number): number[][] {
    return this.#groups.map(({ optimizer, options }) =>
      optimizer.ratesAt(age, learningRateAt(options, step, totalSteps)),
    );
  }

  /** Shapes of the rates. */
  get ratesShapes(): readonly (readonly number[])[] {
    return this.#groups.map(({ optimizer }) => optimizer.ratesShape);
  }

  /** The rates as tensors, which stay the updates' own; uploaded again only when a value changes. */
  ratesTensors(values: readonly (readonly number[])[]): readonly tf.Tensor[] {
    if (this.#rates?.values.every((rates, g) => rates.every((rate, i) => rate === values[g][i])))
      return this.#rates.tensors;
    tf.dispose(this.#rates?.tensors ?? []);
    const tensors = values.map((rates, g) => tf.tensor([...rates], [...this.ratesShapes[g]], 'float32'));
    this.#rates = { values, tensors };
    return tensors;
  }

  apply(gradients: Readonly<Record<string, tf.Tensor>>, rates: readonly tf.Tensor[]): void {
    for (const [g, { optimizer }] of this.#groups.entries()) optimizer.apply(gradients, rates[g]);
  }

  /** What the optimizers remember, by trainable: [velocity] or [first moment, second moment]. */
  get slots(): ReadonlyMap<string, readonly tf.Variable[]> {
    return new Map(this.#groups.flatMap(({ optimizer }) => [...optimizer.state]));
  }

  dispose(): void {
    this.#scope.dispose();
    tf.dispose(this.#rates?.tensors ?? []);
    this.#rates = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
