import { prunableSpecs, randomStream, type State, sizeOf, trainOptions } from '@prunebench/core';
import { noiseSource } from '@prunebench/network';
import { TrainingRun } from '@prunebench/training';
import * as tf from '@tensorflow/tfjs-core';
import { methodExtension, TRAINING_EXAMPLES } from '../method-extension.ts';
import { ENDLESS, timedStep } from '../timed-step.ts';
import { type Beginning, beginningOf, layersOf, sentStart, unitsOf } from './beginning.ts';
import type { SentStart } from './protocol.ts';

const ID = 'sparse-variational-dropout';
/** The method's own, but for the warm-up: the divergence counts from the first step. */
const [THRESHOLD, CLIP] = [3, 8];
const INITIAL_LOG_VARIANCE = -10;

export function variationalBeginning(batchSize: number): Beginning {
  const options = trainOptions.parse({ epochs: 1, learningRate: 1e-3, batchSize, optimizer: { kind: 'adam' } });
  return beginningOf(options, randomStream(0, 'trainings'));
}

/** The same with log variances that are scattered widely: log alpha then lies on either side of the threshold, and beyond both cuts. */
export function scattered(beginning: Beginning): Beginning {
  const { network, state } = beginning;
  const random = randomStream(0, 'scattered');
  const variables: State['variables'] = Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [
      `${ID}/${name}`,
      { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => 14 * random.uniform() - 16) },
    ]),
  );
  return { ...beginning, state: { ...state, variables } };
}

/** Sparse variational dropout in our trainer. */
export class VariationalTraining implements Disposable {
  readonly #beginning: Beginning;
  readonly #run: TrainingRun;
  readonly #random = randomStream(0);

  constructor(beginning: Beginning) {
    const { network, state, options } = beginning;
    this.#beginning = beginning;
    const extension = methodExtension(
      ID,
      { threshold: THRESHOLD, clip: CLIP, initialLogVariance: INITIAL_LOG_VARIANCE, warmup: [0, 0] },
      beginning,
    );
    const plan = { extensions: [{ id: ID, extension }], random: this.#random, ...ENDLESS };
    this.#run = new TrainingRun(network, state, options, plan);
  }

  /** Gives the loss, the divergence included. */
  step(): number {
    return timedStep(this.#run, this.#beginning.batch);
  }

  /** What the steps from the first one on draw, layer by layer: the peer is to take the same. */
  noise(steps: number): number[][][] {
    const source = noiseSource(this.#random.fork('noise').fork(ID));
    const drawn = (step: number, layer: string) =>
      tf.tidy(() =>
        source(tf.tensor1d([step, 0], 'int32'))
          .normal(layer, unitsOf(this.#beginning, layer))
          .dataSync(),
      );
    return Array.from({ length: steps }, (_, step) =>
      layersOf(this.#beginning.network).map((layer) => Array.from(drawn(step, layer))),
    );
  }

  [Symbol.dispose](): void {
    this.#run.dispose();
  }
}

export function sentVariational(beginning: Beginning): SentStart {
  const { network, state, options } = beginning;
  const { optimizer, learningRate } = options;
  if (optimizer.kind !== 'adam') throw new Error('speed: sparse variational dropout is trained by Adam');
  const { beta1, beta2, epsilon } = optimizer;
  const logVariances = prunableSpecs(network).map(
    ({ name, shape }) =>
      state.variables?.[`${ID}/${name}`]?.values ?? new Float32Array(sizeOf(shape)).fill(INITIAL_LOG_VARIANCE),
  );
  const sent = {
    learningRate,
    beta1,
    beta2,
    epsilon,
    threshold: THRESHOLD,
    clip: CLIP,
    trainingExamples: TRAINING_EXAMPLES,
  };
  return sentStart('variational', beginning, sent, logVariances);
}
