import { type Evaluation, type Network, PrunebenchError, type Split, type State } from '@prunebench/core';
import { batches } from '@prunebench/data';
import {
  byteGatherer,
  type CompiledStep,
  forward,
  type Loss,
  lossOf,
  type StepValues,
  stepCompiler,
  TensorScope,
  takeValues,
  tidy,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { ExtensionHost } from './extensions/extension-host.ts';
import { readsSingleSteps } from './extensions/step-hooks.ts';
import { EventLoopTurns } from './iteration/event-loop-turns.ts';
import { uploadState } from './iteration/parameter-variables.ts';
import { SparseEvaluation } from './sparse/sparse-evaluation.ts';
import { sparseForward } from './sparse/sparse-forward.ts';
import { spentTime } from './spent-time.ts';

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
 * @throws PrunebenchError for an empty split, and for a state that does not fit the network
 */
export async function evaluate(
  network: Network,
  state: State,
  split: Split,
  options: { signal?: AbortSignal } = {},
): Promise<Evaluation> {
  return spentTime.during('evaluation', async () => {
    using scope = new TensorScope();
    const uploaded = uploadState(network, state, scope);
    using evaluator = new Evaluator(network, uploaded.variables);
    return await evaluator.evaluate(split, options);
  });
}

export interface EvaluatorOptions {
  readonly signal?: AbortSignal | undefined;
  readonly update?: number;
  readonly learningRate?: number;
}

/** Evaluates parameters that are on the backend already, as they are at each call; see `evaluate`. */
export class Evaluator implements Disposable {
  readonly #network: Network;
  readonly #parameters: Readonly<Record<string, tf.Variable>>;
  readonly #host: ExtensionHost | undefined;
  readonly #batchSize: number;
  /** Undefined where an extension has a say in the forward pass. */
  readonly #sparse: SparseEvaluation | undefined;
  #compiled: { readonly step: CompiledStep | undefined } | undefined;

  constructor(
    network: Network,
    parameters: Readonly<Record<string, tf.Variable>>,
    options: { host?: ExtensionHost; batchSize?: number } = {},
  ) {
    this.#network = network;
    this.#parameters = parameters;
    this.#host = options.host;
    this.#batchSize = options.batchSize ?? BATCH_SIZE;
    if (!this.#host?.extensions.some(({ extension }) => readsSingleSteps(extension)))
      this.#sparse = new SparseEvaluation(network, parameters, this.#batchSize);
  }

  /** Updates done and the learning rate are for hooks that depend on them. */
  async evaluate(split: Split, options: EvaluatorOptions = {}): Promise<Evaluation> {
    const { signal, update = 0, learningRate = 0 } = options;
    if (split.size === 0)
      throw new PrunebenchError(`Network ${this.#network.name} cannot be evaluated: the split is empty.`, {
        remedy: 'Give the split at least one example.',
      });
    const { inputShape } = this.#network;
    const tally = new Tally(this.#network);
    const turns = new EventLoopTurns(signal);
    let batch = 0;
    if (split.size >= this.#batchSize * BATCHES_WORTH_COMPILING) this.compile();
    const whole = () =>
      batches(split, { batchSize: this.#batchSize, inputShape, reuseBuffers: true, gather: byteGatherer() });
    for (const { x, y, size } of spentTime.making('batches of evaluation', whole)) {
      const moment = this.#host?.moments.at(update, learningRate, ++batch) ?? [];
      tally.add(await this.outputs(x, size, moment), y);
      if (turns.due) await turns.take();
    }
    return tally.result();
  }

  /** The network's outputs, [size, units] row by row, for a batch [size, ...inputShape]. */
  async outputs(x: Float32Array, size: number, moment: readonly StepValues[] = []): Promise<ArrayLike<number>> {
    const compiled = this.#compiled?.step;
    if (compiled && size === this.#batchSize) return compiled.run(x, ...moment)[0];
    const outputs = tidy(() =>
      this.#forward(tf.tensor(x, [size, ...this.#network.inputShape], 'float32'), this.#tensors(moment)),
    );
    const [values] = await takeValues([outputs]);
    return values;
  }

  /** Compiles the forward pass for batches of full size with the weights as they are, where the backend can do that. */
  compile(): void {
    const compile = stepCompiler();
    if (!compile) return;
    if (this.#sparse?.refresh()) this.#forgetCompiled();
    if (this.#compiled) return;
    using scope = new TensorScope();
    const examples = scope.make(() => [
      tf.zeros([this.#batchSize, ...this.#network.inputShape]),
      ...this.#tensors(this.#host?.moments.at(0, 0) ?? []),
    ]);
    const variables = this.#host?.variables.all.map(({ variable }) => variable) ?? [];
    const sparse = this.#sparse?.kernels ?? new Map();
    const kept = [...sparse.values()].map(({ values }) => values);
    const state = [...Object.values(this.#parameters), ...kept, ...variables];
    const outputs = (x: tf.Tensor, moment: tf.Tensor[]) =>
      sparse.size > 0
        ? sparseForward(this.#network, this.#parameters, sparse, x, { training: false })
        : this.#forward(x, moment);
    this.#compiled = {
      step: spentTime.during('compile', () => compile(([x, ...moment]) => [outputs(x, moment)], examples, state)),
    };
  }

  dispose(): void {
    this.#forgetCompiled();
    this.#sparse?.dispose();
  }

  #forgetCompiled(): void {
    this.#compiled?.step?.dispose();
    this.#compiled = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #tensors(moment: readonly StepValues[]): tf.Tensor[] {
    return this.#host?.moments.tensors(moment) ?? [];
  }

  #forward(x: tf.Tensor, moment: readonly tf.Tensor[]): tf.Tensor {
    const options = this.#host?.forwardOptions(this.#host.moments.named(moment), false);
    return forward(this.#network, this.#parameters, x, { training: false, ...options });
  }
}

/** Counts hits and sums losses over batches of outputs. */
class Tally {
  readonly #exampleLoss: Loss['value'];
  #examples = 0;
  #correct = 0;
  #loss = 0;

  constructor(network: Network) {
    this.#exampleLoss = lossOf(network).value;
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
