import {
  type Evaluation,
  type Extension,
  forward,
  type Network,
  type ParameterTensors,
  PrunebenchError,
  type Split,
  type State,
} from '@prunebench/core';
import { batches } from '@prunebench/data';
import * as tf from '@tensorflow/tfjs-core';
import { EventLoopTurns } from './event-loop-turns.ts';
import { uploadState } from './parameter-variables.ts';

/** Divides the usual splits, and keeps a VGG's activations within a few hundred megabytes. */
const BATCH_SIZE = 250;

/**
 * Accuracy in percent over all examples of a split, and their mean loss (`Network.loss`), with running batch-norm statistics.
 *
 * The predicted class is the largest output, the first one of equals; for a single output unit it is output > 1/2. Counts and
 * sums are made in float64 from the network's outputs, so a perfect classifier scores exactly 100.
 *
 * @throws PrunebenchError for an empty split or one whose examples do not fit the network
 */
export async function evaluate(
  network: Network,
  state: State,
  split: Split,
  options: { signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const uploaded = uploadState(network, state);
  try {
    return await evaluateTensors(network, uploaded.variables, split, options);
  } finally {
    uploaded.dispose();
  }
}

/** `evaluate` for parameters that are on the backend already, seen through extensions. */
export async function evaluateTensors(
  network: Network,
  parameters: ParameterTensors,
  split: Split,
  options: { extensions?: readonly Extension[]; signal?: AbortSignal | undefined } = {},
): Promise<Evaluation> {
  if (split.size === 0)
    throw new PrunebenchError(`Network ${network.name} cannot be evaluated: the split is empty.`, {
      remedy: 'Give the split at least one example.',
    });
  const { inputShape } = network;
  const tally = new Tally(network);
  const turns = new EventLoopTurns(options.signal);
  for (const { x, y, size } of batches(split, { batchSize: BATCH_SIZE, inputShape, reuseBuffers: true })) {
    const outputs = tf.tidy(() => {
      const input = tf.tensor(x, [size, ...inputShape], 'float32');
      return forward(network, parameters, input, { training: false, extensions: options.extensions ?? [] });
    });
    tally.add((await outputs.data()) as Float32Array, y);
    outputs.dispose();
    if (turns.due) await turns.take();
  }
  return tally.result();
}

/** Counts hits and sums losses over batches of outputs. */
class Tally {
  readonly #exampleLoss: (outputs: Float32Array, label: number) => number;
  #examples = 0;
  #correct = 0;
  #loss = 0;

  constructor(network: Network) {
    this.#exampleLoss = network.loss === 'squared-error' ? halfSquaredError : crossEntropy;
  }

  add(outputs: Float32Array, labels: Int32Array): void {
    const units = outputs.length / labels.length;
    for (let i = 0; i < labels.length; i++) {
      const row = outputs.subarray(i * units, (i + 1) * units);
      if (predictedClass(row) === labels[i]) this.#correct++;
      this.#loss += this.#exampleLoss(row, labels[i]);
    }
    this.#examples += labels.length;
  }

  result(): Evaluation {
    return { accuracy: (100 * this.#correct) / this.#examples, loss: this.#loss / this.#examples };
  }
}

/** -1, which no label is, when an output is not a number. */
function predictedClass(outputs: Float32Array): number {
  if (outputs.some(Number.isNaN)) return -1;
  if (outputs.length === 1) return outputs[0] > 0.5 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < outputs.length; i++) if (outputs[i] > outputs[best]) best = i;
  return best;
}

/** -log softmax(outputs)[label] */
function crossEntropy(outputs: Float32Array, label: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < outputs.length; i++) largest = Math.max(largest, outputs[i]);
  let sum = 0;
  for (let i = 0; i < outputs.length; i++) sum += Math.exp(outputs[i] - largest);
  return Math.log(sum) + largest - outputs[label];
}

function halfSquaredError(outputs: Float32Array, label: number): number {
  if (outputs.length === 1) return (outputs[0] - label) ** 2 / 2;
  return outputs.reduce((sum, output, i) => sum + (output - (i === label ? 1 : 0)) ** 2, 0) / 2;
}
