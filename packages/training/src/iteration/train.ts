import {
  type Dataset,
  DivergenceError,
  type Evaluation,
  type ExtensionEntry,
  type Network,
  type Progress,
  type RandomStream,
  refuseDiverged,
  type SplitName,
  type State,
  type StepOutcome,
  type TrainOptions,
} from '@prunebench/core';
import { batches } from '@prunebench/data';
import { byteGatherer, refuseUntrainable } from '@prunebench/network';
import { Evaluator } from '../evaluate.ts';
import { keptVariables } from '../extensions/extension-variables.ts';
import { madeExtensions } from '../extensions/made-extensions.ts';
import { holdEvents, NO_EVENT } from '../extensions/training-access.ts';
import { spentTime } from '../spent-time.ts';
import { checkFit } from './check-fit.ts';
import { EventLoopTurns } from './event-loop-turns.ts';
import { refuseWrongBackend } from './first-steps.ts';
import { LossMeter } from './loss-meter.ts';
import { Results } from './results.ts';
import { cutOf, segmentOf } from './segment.ts';
import { TrainingRun } from './training-run.ts';

/** A loss that is not finite is noticed after at most this many steps. */
const LOSS_READ_STEPS = 20;

export interface TrainContext {
  /** Forks: `order` and `augmentation` by epoch, `dropout`, `noise` and `event` by extension. */
  readonly random: RandomStream;
  /** Its name, for segments that go on later; absent: "". */
  readonly stream?: string;
  readonly signal?: AbortSignal;
  /** What `options.extensions` may name. */
  readonly extensions?: ReadonlyMap<string, ExtensionEntry>;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for every evaluation of a split. */
  readonly onEvaluation?: (split: SplitName) => void;
}

/**
 * Trains a state and evaluates it on the validation split after every epoch (a last, partial one included), or as `options.evaluate` says.
 *
 * Masks stay as they are unless an extension moves them, and masked parameters stay 0. The optimizer starts without history, or with that
 * of the segment before (`options.from`): segments of one training give what the whole gives, to the bit. The returned parameters
 * are those of the last step; the evaluation that was best on validation (highest accuracy, the first of equals) is repeated once on
 * the test split for `metrics.bestValidation`. Every epoch goes through the training split in a new order, its last batch being
 * smaller where the batch size does not divide it. `trainLoss` is the mean since the evaluation before, each batch's loss as it
 * was before its step, extensions' terms included.
 *
 * @throws DivergenceError with step and epoch when a loss is not finite, with name and index when a parameter is not at the end
 * @throws PrunebenchError when the dataset does not fit the network, when the backend cannot train a layer of it, when it
 *   diverges in the first steps, which do not diverge on `cpu`, for an extension that cannot be made, and for a segment that the state
 *   was not cut for
 * @throws the signal's reason when it is aborted
 */
export function train(
  network: Network,
  state: State,
  dataset: Dataset,
  options: TrainOptions,
  context: TrainContext,
): Promise<StepOutcome> {
  return spentTime.during('rest of training', () => trained(network, state, dataset, options, context));
}

async function trained(
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
    if (error instanceof DivergenceError)
      await refuseWrongBackend(error, training.step, async () => {
        using again = new Training(network, state, dataset, options, context);
        await again.repeat(training.step);
      });
    throw error;
  }
}

class Training implements Disposable {
  readonly #network: Network;
  readonly #state: State;
  readonly #dataset: Dataset;
  readonly #options: TrainOptions;
  readonly #context: TrainContext;
  readonly #stepsPerEpoch: number;
  readonly #totalSteps: number;
  /** Where this segment ends. */
  readonly #lastStep: number;
  readonly #run: TrainingRun;
  readonly #meter: LossMeter;
  readonly #evaluator: Evaluator;
  readonly #results: Results;
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
    const { firstStep, lastStep } = segmentOf(options, state, this.#totalSteps);
    this.#lastStep = lastStep;
    const length = { totalSteps: this.#totalSteps, stepsPerEpoch: this.#stepsPerEpoch };
    const extensions = madeExtensions(options.extensions, context.extensions ?? new Map(), {
      network,
      state,
      options,
      totalUpdates: length.totalSteps,
      updatesPerEpoch: length.stepsPerEpoch,
      trainingExamples: dataset.splits.train.size,
      random: context.random.fork('start'),
    });
    this.#run = new TrainingRun(network, state, options, { ...length, extensions, random: context.random, firstStep });
    this.#evaluator = new Evaluator(network, this.#run.uploaded.variables, { host: this.#run.host });
    this.#results = new Results(this.#run, options, (split) => this.#evaluate(split));
  }

  /** The step at which it diverged, or the last one that was done. */
  get step(): number {
    return this.#meter.divergedAt ?? this.#run.step;
  }

  async run(): Promise<StepOutcome> {
    await this.#trainUntil(this.#lastStep);
    const { parameters, variables, masks } = await this.#run.snapshot();
    refuseDiverged(parameters, 'after training');
    const results = await this.#results.metrics();
    const { sparseKernels } = this.#run;
    const metrics = {
      ...results,
      trainedExamples: this.#trainedExamples,
      ...(sparseKernels.length > 0 ? { sparseKernels } : {}),
    };
    const whole = this.#lastStep === this.#totalSteps;
    const state: State = {
      parameters,
      masks,
      ...keptVariables(this.#state, variables),
      ...(whole ? {} : { cut: await cutOf(this.#run, this.#context.stream ?? '') }),
      ...(this.#state.network && { network: this.#state.network }),
    };
    // What extensions make of the network is not in an evaluation of the state that they leave.
    if (this.#run.host.extensions.length === 0) return { state, metrics, evaluations: this.#results.ofTheEnd };
    return { state: whole ? this.#run.host.finish(state) : state, metrics };
  }

  /**
   * Trains for the first `steps` steps alone, to the end where there are no more.
   *
   * @throws DivergenceError where a loss or a parameter is not finite
   */
  async repeat(steps: number): Promise<void> {
    if (steps === this.#lastStep) {
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

  /** Evaluates where `options.evaluate` says, and at the end of the segment. */
  async #trainUntil(last: number): Promise<void> {
    while (this.#run.step < last) {
      const learningRate = await this.#trainEpoch(last);
      const { step } = this.#run;
      const ended = step % this.#stepsPerEpoch === 0;
      if (ended) await holdEvents(this.#run, this.#run.events.afterEpoch(step));
      const due = (ended && this.#options.evaluate === 'epoch') || step === this.#lastStep;
      if (due && this.#results.lastStep !== step) await this.#evaluateNow(learningRate);
    }
  }

  /** To the end of the epoch that the training is in, up to step `last` at most. Gives the learning rate of its last step. */
  async #trainEpoch(last: number): Promise<number> {
    const { random } = this.#context;
    const { train: split } = this.#dataset.splits;
    const { batchSize, augmentation, evaluate } = this.#options;
    const epoch = Math.floor(this.#run.step / this.#stepsPerEpoch);
    const epochBatches = () =>
      batches(split, {
        batchSize,
        inputShape: this.#network.inputShape,
        order: random.fork('order').fork(String(epoch)).permutation(split.size),
        augmentation,
        random: random.fork('augmentation').fork(String(epoch)),
        reuseBuffers: true,
        gather: byteGatherer(),
      });
    let learningRate = 0;
    let place = epoch * this.#stepsPerEpoch;
    const turns = new EventLoopTurns(this.#context.signal);
    for (const { x, y, size } of spentTime.making('batches', epochBatches)) {
      // A segment that begins within an epoch passes over what the one before it has seen.
      if (place++ < this.#run.step) continue;
      if (this.#run.step === last) break;
      learningRate = this.#run.learningRate;
      await this.#update(x, y, size);
      if (turns.due || this.#meter.pending >= LOSS_READ_STEPS) await this.#meter.read();
      if (typeof evaluate === 'object' && this.#run.step % evaluate.every === 0) await this.#evaluateNow(learningRate);
      if (!turns.due) continue;
      this.#report();
      await turns.take();
    }
    return learningRate;
  }

  /** One update, or what an event does in its place. */
  async #update(x: Float32Array, y: Int32Array, size: number): Promise<void> {
    const due = this.#run.events.before(this.#run.step);
    const { replaced, loss } = due.length > 0 ? await holdEvents(this.#run, due, { x, y }) : NO_EVENT;
    if (!replaced) this.#meter.add(this.#run.advance(x, y), size, this.#run.step);
    else {
      this.#run.skip();
      if (loss !== undefined) this.#meter.add(loss, size, this.#run.step);
    }
    this.#trainedExamples += size;
  }

  async #evaluateNow(learningRate: number): Promise<void> {
    this.#run.settle();
    const trainLoss = await this.#meter.takeMean();
    this.#report();
    await this.#results.add(trainLoss, learningRate);
    // The evaluation does not count as training speed.
    this.#speed = { since: performance.now(), examples: this.#trainedExamples };
  }

  async #evaluate(split: 'validation' | 'test'): Promise<Evaluation> {
    const evaluation = await spentTime.during('evaluation', () =>
      this.#evaluator.evaluate(this.#dataset.splits[split], {
        signal: this.#context.signal,
        update: this.#run.step,
        learningRate: this.#run.learningRate,
      }),
    );
    this.#context.onEvaluation?.(split);
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
