import {
  type Dataset,
  DivergenceError,
  type EpochLog,
  type Evaluation,
  type Network,
  type Progress,
  PrunebenchError,
  type RandomStream,
  refuseDiverged,
  type State,
  type StepOutcome,
  sizeOf,
  type TrainOptions,
} from '@prunebench/core';
import { batches } from '@prunebench/data';
import { type Extension, refuseUntrainable } from '@prunebench/network';
import { Evaluator } from '../evaluate.ts';
import { EventLoopTurns } from './event-loop-turns.ts';
import { refuseWrongBackend } from './first-steps.ts';
import { LossMeter } from './loss-meter.ts';
import { TrainingRun } from './training-run.ts';

/** A loss that is not finite is noticed after at most this many steps. */
const LOSS_READ_STEPS = 20;

export interface TrainContext {
  /** Forks: `order` and `augmentation` by epoch, `dropout` by step. */
  readonly random: RandomStream;
  readonly signal?: AbortSignal;
  readonly extensions?: readonly Extension[];
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Trains a state and evaluates it on the validation split after every epoch (a last, partial one included).
 *
 * Masks stay as they are and masked parameters stay 0. The optimizer starts without history. The returned parameters are
 * those of the last step; the epoch that was best on validation (highest accuracy, the first of equals) is evaluated once on
 * the test split for `metrics.bestValidation`. Every epoch goes through the training split in a new order, its last batch being
 * smaller where the batch size does not divide it. `trainLoss` is the mean over the epoch, each batch's loss as it
 * was before its step, extensions' penalties included.
 *
 * @throws DivergenceError with step and epoch when a loss is not finite, with name and index when a parameter is not at the end
 * @throws PrunebenchError when the dataset does not fit the network, when the backend cannot train a layer of it, and when it
 *   diverges in the first steps, which do not diverge on `cpu`
 * @throws the signal's reason when it is aborted
 */
export async function train(
  network: Network,
  state: State,
  dataset: Dataset,
  options: TrainOptions,
  context: TrainContext,
): Promise<StepOutcome> {
  checkFit(network, dataset);
  refuseUntrainable(network);
  using training = new Training(network, state, dataset, options, context);
  try {
    return await training.run();
  } catch (error) {
    // Extensions cannot begin again: what they hold has moved.
    if (error instanceof DivergenceError && !context.extensions?.length)
      await refuseWrongBackend(error, training.step, async () => {
        using again = new Training(network, state, dataset, options, context);
        await again.repeat(training.step);
      });
    throw error;
  }
}

interface Best {
  readonly epoch: number;
  readonly validation: Evaluation;
  /** Steps done by then. */
  readonly step: number;
  readonly snapshot: Awaited<ReturnType<TrainingRun['snapshot']>>;
}

class Training implements Disposable {
  readonly #network: Network;
  readonly #state: State;
  readonly #dataset: Dataset;
  readonly #options: TrainOptions;
  readonly #context: TrainContext;
  readonly #stepsPerEpoch: number;
  readonly #totalSteps: number;
  readonly #run: TrainingRun;
  readonly #meter: LossMeter;
  readonly #evaluator: Evaluator;
  readonly #log: EpochLog[] = [];
  #best: Best | undefined;
  #trainedExamples = 0;
  #speed = { since: performance.now(), examples: 0 };

  constructor(network: Network, state: State, dataset: Dataset, options: TrainOptions, context: TrainContext) {
    this.#network = network;
    this.#state = state;
    this.#dataset = dataset;
    this.#options = options;
    this.#context = context;
    this.#stepsPerEpoch = Math.ceil(dataset.splits.train.size / options.batchSize);
    this.#totalSteps = Math.max(1, Math.round(options.epochs * this.#stepsPerEpoch));
    this.#meter = new LossMeter((step) => this.#place(step));
    const { extensions = [], random } = context;
    this.#run = new TrainingRun(network, state, options, {
      extensions,
      random,
      totalSteps: this.#totalSteps,
      stepsPerEpoch: this.#stepsPerEpoch,
    });
    this.#evaluator = new Evaluator(network, this.#run.uploaded.variables, { extensions });
  }

  /** The step at which it diverged, or the last one that was done. */
  get step(): number {
    return this.#meter.divergedAt ?? this.#run.step;
  }

  async run(): Promise<StepOutcome> {
    await this.#trainUntil(this.#totalSteps);
    const parameters = await this.#run.uploaded.read();
    refuseDiverged(parameters, 'after training');
    const bestValidation = await this.#testBest();
    const { sparseKernels } = this.#run;
    const metrics = {
      epochs: this.#log,
      bestValidation,
      trainedExamples: this.#trainedExamples,
      ...(sparseKernels.length > 0 ? { sparseKernels } : {}),
    };
    return { state: { parameters, masks: this.#state.masks }, metrics };
  }

  /**
   * Trains for the first `steps` steps alone, to the end where there are no more.
   *
   * @throws DivergenceError where a loss or a parameter is not finite
   */
  async repeat(steps: number): Promise<void> {
    if (steps === this.#totalSteps) {
      await this.run();
      return;
    }
    await this.#trainUntil(steps);
    await this.#meter.read();
    refuseDiverged(await this.#run.uploaded.read(), `after ${this.#place(steps)}`);
  }

  [Symbol.dispose](): void {
    this.#evaluator.dispose();
    this.#run.dispose();
    this.#meter.dispose();
  }

  /** Evaluates after each epoch that it completes; the training's last one may be a part of one. */
  async #trainUntil(last: number): Promise<void> {
    for (let epoch = 0; this.#run.step < last; epoch++) {
      const learningRate = await this.#trainEpoch(epoch, last);
      if (this.#run.step < this.#totalSteps && this.#run.step % this.#stepsPerEpoch !== 0) return;
      await this.#run.finishEpoch(learningRate);
      await this.#evaluateEpoch(learningRate);
    }
  }

  /** Up to step `last` at most. Gives the learning rate of its last step. */
  async #trainEpoch(epoch: number, last: number): Promise<number> {
    const { random } = this.#context;
    const { train: split } = this.#dataset.splits;
    const { batchSize, augmentation } = this.#options;
    const epochBatches = batches(split, {
      batchSize,
      inputShape: this.#network.inputShape,
      order: random.fork('order').fork(String(epoch)).permutation(split.size),
      augmentation,
      random: random.fork('augmentation').fork(String(epoch)),
      reuseBuffers: true,
    });
    let learningRate = 0;
    const turns = new EventLoopTurns(this.#context.signal);
    for (const { x, y, size } of epochBatches) {
      if (this.#run.step === last) break;
      learningRate = this.#run.learningRate;
      this.#meter.add(this.#run.advance(x, y), size, this.#run.step);
      this.#trainedExamples += size;
      if (turns.due || this.#meter.pending >= LOSS_READ_STEPS) await this.#meter.read();
      if (!turns.due) continue;
      this.#report();
      await turns.take();
    }
    return learningRate;
  }

  async #evaluateEpoch(learningRate: number): Promise<void> {
    const trainLoss = await this.#meter.takeMean();
    this.#report();
    const validation = await this.#evaluate('validation');
    const epoch = this.#run.step / this.#stepsPerEpoch;
    this.#log.push({ epoch, trainLoss, validation, learningRate });
    if (!this.#best || validation.accuracy > this.#best.validation.accuracy)
      this.#best = { epoch, validation, step: this.#run.step, snapshot: await this.#run.snapshot() };
    // The evaluation does not count as training speed.
    this.#speed = { since: performance.now(), examples: this.#trainedExamples };
  }

  async #testBest() {
    const { epoch, validation, step, snapshot } = this.#best!;
    if (step === this.#run.step) return { epoch, validation, test: await this.#evaluate('test') };
    // The extensions go on with their variables after the training, so these get their last values back.
    const last = await this.#run.snapshot();
    this.#run.restore(snapshot);
    const test = await this.#evaluate('test');
    this.#run.restore(last);
    return { epoch, validation, test };
  }

  async #evaluate(split: 'validation' | 'test'): Promise<Evaluation> {
    const evaluation = await this.#evaluator.evaluate(this.#dataset.splits[split], { signal: this.#context.signal });
    if (Number.isFinite(evaluation.loss)) return evaluation;
    const place = this.#place(this.#run.step);
    throw new DivergenceError(`Training diverged: the ${split} loss is ${evaluation.loss} after ${place}.`);
  }

  #report(): void {
    const examples = this.#trainedExamples - this.#speed.examples;
    const seconds = (performance.now() - this.#speed.since) / 1000;
    const loss = this.#meter.latest;
    this.#context.onProgress?.({
      fraction: this.#run.step / this.#totalSteps,
      ...(loss === undefined ? {} : { loss }),
      ...(seconds > 0 ? { examplesPerSecond: examples / seconds } : {}),
    });
  }

  #place(step: number): string {
    return `step ${step} of ${this.#totalSteps} (epoch ${Math.ceil(step / this.#stepsPerEpoch)})`;
  }
}

function checkFit(network: Network, dataset: Dataset): void {
  if (dataset.splits.train.size === 0)
    throw new PrunebenchError(`Dataset ${dataset.id} has no training examples.`, {
      remedy: 'Choose another split of it.',
    });
  if (sizeOf(network.inputShape) !== sizeOf(dataset.inputShape))
    throw new PrunebenchError(
      `Network ${network.name} takes inputs [${network.inputShape}], but dataset ${dataset.id} has [${dataset.inputShape}].`,
      { remedy: 'Choose a network that is made for this dataset.' },
    );
}
