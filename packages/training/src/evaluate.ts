import {
  type CompiledStep,
  type Evaluation,
  type Extension,
  forward,
  type Network,
  type ParameterTensors,
  PrunebenchError,
  type Split,
  type State,
  stepCompiler,
} from '@prunebench/core';
import { batches } from '@prunebench/data';
import * as tf from '@tensorflow/tfjs-core';
import { EventLoopTurns } from './event-loop-turns.ts';
import { uploadState } from './parameter-variables.ts';

/** Divides the usual splits, and keeps a VGG's activations within a few hundred megabytes. */
const BATCH_SIZE = 250;
/** Recording the forward pass takes about as long as running it. */
const BATCHES_WORTH_COMPILING = 4;

/**
 * Accuracy in percent over all examples of a split, and their mean loss (`Network.loss`), with running batch-norm statistics.
 *
 * The predicted class is the largest output, the first one of equals; for a single output unit it is output > 1/2. Counts and
 * sums are made in float64 from the network's outputs, so a perfect classifier scores exactly 100.
 *
 * @throws PrunebenchError for an empty split
 */
export async function evaluate(
  network: Network,
  state: State,
  split: Split,
  options: { signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const uploaded = uploadState(network, state);
  const evaluator = new Evaluator(network);
  try {
    return await evaluator.evaluate(uploaded.variables, split, options);
  } finally {
    evaluator.dispose();
    uploaded.dispose();
  }
}

/** Evaluates parameters that are on the backend already, again and again; see `evaluate`. */
export class Evaluator {
  readonly #network: Network;
  #compiled: CompiledForward | undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  async evaluate(
    parameters: ParameterTensors,
    split: Split,
    options: { extensions?: readonly Extension[]; signal?: AbortSignal | undefined } = {},
  ): Promise<Evaluation> {
    if (split.size === 0)
      throw new PrunebenchError(`Network ${this.#network.name} cannot be evaluated: the split is empty.`, {
        remedy: 'Give the split at least one example.',
      });
    const { extensions = [], signal } = options;
    const { inputShape } = this.#network;
    const worthCompiling = extensions.length === 0 && split.size >= BATCH_SIZE * BATCHES_WORTH_COMPILING;
    const compiled = worthCompiling ? this.#compiledFor(parameters) : undefined;
    const tally = new Tally(this.#network);
    const turns = new EventLoopTurns(signal);
    for (const { x, y, size } of batches(split, { batchSize: BATCH_SIZE, inputShape, reuseBuffers: true })) {
      const outputs =
        compiled && size === BATCH_SIZE ? compiled.run(x)[0] : await this.#outputs(parameters, x, size, extensions);
      tally.add(outputs, y);
      if (turns.due) await turns.take();
    }
    return tally.result();
  }

  dispose(): void {
    this.#compiled?.step?.dispose();
    tf.dispose(this.#compiled?.variables ?? {});
    this.#compiled = undefined;
  }

  async #outputs(parameters: ParameterTensors, x: Float32Array, size: number, extensions: readonly Extension[]) {
    const outputs = tf.tidy(() => {
      const input = tf.tensor(x, [size, ...this.#network.inputShape], 'float32');
      return forward(this.#network, parameters, input, { training: false, extensions });
    });
    const values = (await outputs.data()) as Float32Array;
    outputs.dispose();
    return values;
  }

  /** The compiled forward pass with these parameters. It has variables of its own, as a training step may be compiled over the others. */
  #compiledFor(parameters: ParameterTensors): CompiledStep | undefined {
    this.#compiled ??= compileForward(this.#network, parameters);
    const { step, variables } = this.#compiled;
    if (step) for (const [name, variable] of Object.entries(variables)) variable.assign(parameters[name]);
    return step;
  }
}

interface CompiledForward {
  /** Absent where the backend cannot compile it. */
  readonly step: CompiledStep | undefined;
  readonly variables: Readonly<Record<string, tf.Variable>>;
}

function compileForward(network: Network, parameters: ParameterTensors): CompiledForward {
  const compile = stepCompiler();
  if (!compile) return { step: undefined, variables: {} };
  const variables = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, tf.tidy(() => tf.variable(tf.zeros(shape), false))]),
  );
  const example = tf.zeros([BATCH_SIZE, ...network.inputShape]);
  const body = ([x]: tf.Tensor[]) => [forward(network, variables, x, { training: false })];
  const step = compile(body, [example], Object.values(variables));
  example.dispose();
  return { step, variables };
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

  add(outputs: ArrayLike<number>, labels: Int32Array): void {
    const units = outputs.length / labels.length;
    const row = new Float32Array(units);
    for (let i = 0; i < labels.length; i++) {
      for (let c = 0; c < units; c++) row[c] = outputs[i * units + c];
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
