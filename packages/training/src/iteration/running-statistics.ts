import { inferShapes, type Network } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';

interface BatchStatistics {
  readonly layer: string;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** Collects each batch norm's statistics during a forward pass; they outlive the tidy they are made in until `clear`. */
export class StatisticsCollector implements Disposable {
  readonly #found: BatchStatistics[] = [];

  /** Pass as `onStatistics` to `forward`. */
  readonly collect = (layer: string, mean: tf.Tensor1D, variance: tf.Tensor1D): void => {
    this.#found.push({ layer, mean: tf.keep(mean), variance: tf.keep(variance) });
  };

  get found(): readonly BatchStatistics[] {
    return this.#found;
  }

  clear(): void {
    for (const { mean, variance } of this.#found) tf.dispose([mean, variance]);
    this.#found.length = 0;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}

/**
 * For each batch norm, the factor n / (n - 1) that makes a biased variance unbiased, n being the values per channel in a batch.
 * Running variances are unbiased, as in PyTorch and the pruning papers' code; where n is 1 there is nothing to correct.
 */
export function besselFactors(network: Network, batchSize: number): ReadonlyMap<string, number> {
  const shapes = inferShapes(network);
  const factors = new Map<string, number>();
  for (const { kind, name } of network.layers) {
    if (kind !== 'batchNorm') continue;
    const positions = shapes
      .get(name)!
      .slice(0, -1)
      .reduce((product, size) => product * size, 1);
    const n = batchSize * positions;
    factors.set(name, n > 1 ? n / (n - 1) : 1);
  }
  return factors;
}

/** Moves running statistics towards those of one batch: running = momentum * running + (1 - momentum) * batch. */
export class RunningStatistics {
  readonly collector = new StatisticsCollector();
  readonly #network: Network;
  readonly #variables: Readonly<Record<string, tf.Variable>>;
  readonly #isFrozen: (name: string) => boolean;
  readonly #momentum: ReadonlyMap<string, number>;
  readonly #factors = new Map<number, ReadonlyMap<string, number>>();

  /** @param isFrozen whether a running statistic, by its parameter's name, stays as it is */
  constructor(
    network: Network,
    variables: Readonly<Record<string, tf.Variable>>,
    isFrozen: (name: string) => boolean = () => false,
  ) {
    this.#network = network;
    this.#variables = variables;
    this.#isFrozen = isFrozen;
    this.#momentum = new Map(
      network.layers.flatMap((layer) => (layer.kind === 'batchNorm' ? [[layer.name, layer.momentum] as const] : [])),
    );
  }

  /** Takes in what the collector found in a batch of this size, and forgets it. Call inside a tidy. */
  update(batchSize: number): void {
    const factors = this.#factorsFor(batchSize);
    for (const { layer, mean, variance } of this.collector.found) {
      const momentum = this.#momentum.get(layer)!;
      this.#move(`${layer}/movingMean`, momentum, mean, 1 - momentum);
      this.#move(`${layer}/movingVariance`, momentum, variance, (1 - momentum) * factors.get(layer)!);
    }
    this.collector.clear();
  }

  #move(name: string, keep: number, batch: tf.Tensor, share: number): void {
    if (this.#isFrozen(name)) return;
    const running = this.#variables[name];
    running.assign(tf.add(tf.mul(running, keep), tf.mul(batch, share)));
  }

  #factorsFor(batchSize: number): ReadonlyMap<string, number> {
    let factors = this.#factors.get(batchSize);
    if (!factors) {
      factors = besselFactors(this.#network, batchSize);
      this.#factors.set(batchSize, factors);
    }
    return factors;
  }
}
