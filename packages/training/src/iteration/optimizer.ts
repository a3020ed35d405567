import type { TrainOptions } from '@prunebench/core';
import { adamUpdate, momentumUpdate, ofRank, TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/** One trained tensor with what the optimizer must know about it. */
export interface Trainable {
  readonly name: string;
  readonly variable: tf.Variable;
  /** 0/1; pruned values, and their optimizer state, are 0 after every step. */
  readonly mask: tf.Tensor | undefined;
  /** Weight decay applies to kernels alone: not to biases or batch norm. */
  readonly decayed: boolean;
  /** Whether the optimizer's state under the mask goes on, fed by the gradients there. */
  readonly denseSlots?: boolean;
}

/**
 * Moves every trainable whose gradient is given. Its state (velocity, moments) starts at 0 and lives as long as the optimizer.
 *
 * `rates` is what changes from step to step, as one small tensor: see `ratesAt`.
 */
export interface Optimizer {
  /** The values of `rates` at step 0, 1, ... */
  ratesAt(step: number, learningRate: number): number[];
  /** The shape of `rates`. */
  readonly ratesShape: readonly number[];
  apply(gradients: Readonly<Record<string, tf.Tensor>>, rates: tf.Tensor): void;
  /** The optimizer's state by trainable name: [velocity] or [first moment, second moment]. */
  readonly state: ReadonlyMap<string, readonly tf.Variable[]>;
  dispose(): void;
}

/** SGD with momentum, Adam or AdamW, in PyTorch's form (the update equations are those of core's `momentumUpdate` and `adamUpdate`). */
export function createOptimizer(
  trainables: readonly Trainable[],
  options: Pick<TrainOptions, 'optimizer' | 'weightDecay'>,
): Optimizer {
  const { optimizer } = options;
  const slots = optimizer.kind === 'sgd' ? 1 : 2;
  using scope = new TensorScope();
  const state = new Map(trainables.map(({ name, variable }) => [name, zeroSlots(variable, slots, scope)]));
  const update = optimizer.kind === 'sgd' ? sgd(optimizer, options.weightDecay) : adam(optimizer, options.weightDecay);
  const owned = scope.move();
  return {
    state,
    ratesShape: optimizer.kind === 'sgd' ? [] : [3],
    ratesAt(step, learningRate) {
      if (optimizer.kind === 'sgd') return [learningRate];
      return [learningRate, 1 - optimizer.beta1 ** (step + 1), 1 - optimizer.beta2 ** (step + 1)];
    },
    apply(gradients, rates) {
      for (const trainable of trainables) {
        const gradient = gradients[trainable.name];
        // The loss does not depend on it, for instance because an extension replaced its layer.
        if (!gradient) continue;
        const own = state.get(trainable.name)!;
        const [value, ...next] = trainable.denseSlots
          ? maskedAfter(update({ ...trainable, mask: undefined }, own, gradient, rates), trainable.mask)
          : update(trainable, own, gradient, rates);
        trainable.variable.assign(value);
        for (let i = 0; i < own.length; i++) own[i].assign(next[i]);
      }
    },
    dispose: () => owned.dispose(),
  };
}

/** An update whose value alone is masked. */
function maskedAfter([value, ...slots]: tf.Tensor[], mask: tf.Tensor | undefined): tf.Tensor[] {
  return [mask ? tf.mul(value, mask) : value, ...slots];
}

type Update = (
  trainable: Trainable,
  state: readonly tf.Variable[],
  gradient: tf.Tensor,
  rates: tf.Tensor,
) => tf.Tensor[];

function sgd({ momentum, nesterov }: { momentum: number; nesterov: boolean }, weightDecay: number): Update {
  return ({ variable, mask, decayed }, [velocity], gradient, rates) =>
    momentumUpdate({
      param: variable,
      velocity,
      gradient,
      mask,
      learningRate: ofRank(rates, 0),
      momentum,
      nesterov,
      weightDecay: decayed ? weightDecay : 0,
    });
}

function adam(
  { kind, beta1, beta2, epsilon }: { kind: 'adam' | 'adamw'; beta1: number; beta2: number; epsilon: number },
  weightDecay: number,
): Update {
  return ({ variable, mask, decayed }, [m, v], gradient, rates) =>
    adamUpdate({
      param: variable,
      m,
      v,
      gradient,
      mask,
      schedule: ofRank(rates, 1),
      beta1,
      beta2,
      epsilon,
      weightDecay: decayed ? weightDecay : 0,
      decoupled: kind === 'adamw',
    });
}

function zeroSlots(like: tf.Tensor, count: number, scope: TensorScope): tf.Variable[] {
  return Array.from({ length: count }, () => scope.own(tf.tidy(() => tf.variable(tf.zerosLike(like), false))));
}
