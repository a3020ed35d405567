import type { EpochLog, Evaluation, StepMetrics, StepOutcome, TrainOptions } from '@prunebench/core';
import type { TrainingRun, TrainingSnapshot } from './training-run.ts';

interface Best {
  readonly epoch: number;
  readonly validation: Evaluation;
  /** Steps done by then. */
  readonly step: number;
  readonly snapshot: TrainingSnapshot;
}

/** What the evaluations of a training have shown: its log, what was best, and where it would have been stopped early. */
export class Results {
  readonly #run: TrainingRun;
  readonly #options: Pick<TrainOptions, 'evaluate'>;
  readonly #evaluate: (split: 'validation' | 'test') => Promise<Evaluation>;
  readonly #log: EpochLog[] = [];
  #best: Best | undefined;
  #earlyStop: StepMetrics['earlyStop'];
  #lastStep: number | undefined;
  #testOfTheEnd: Evaluation | undefined;

  /** @param evaluate the network as it is when it is called */
  constructor(
    run: TrainingRun,
    options: Pick<TrainOptions, 'evaluate'>,
    evaluate: (split: 'validation' | 'test') => Promise<Evaluation>,
  ) {
    this.#run = run;
    this.#options = options;
    this.#evaluate = evaluate;
  }

  /** Steps done at the last evaluation; undefined before the first. */
  get lastStep(): number | undefined {
    return this.#lastStep;
  }

  /** Evaluates the network as it is now. */
  async add(trainLoss: number, learningRate: number): Promise<void> {
    const { step } = this.#run;
    const epoch = step / this.#run.plan.stepsPerEpoch;
    const validation = await this.#evaluate('validation');
    this.#lastStep = step;
    this.#log.push({ epoch, trainLoss, validation, learningRate });
    if (typeof this.#options.evaluate === 'object') await this.#noteLowest(epoch, validation);
    if (!this.#best || validation.accuracy > this.#best.validation.accuracy)
      this.#best = { epoch, validation, step, snapshot: await this.#run.snapshot() };
  }

  /** What the training reports, once it has ended with an evaluation. */
  async metrics(): Promise<Pick<StepMetrics, 'epochs' | 'bestValidation' | 'earlyStop'>> {
    const bestValidation = await this.#testBest();
    return {
      epochs: this.#log,
      bestValidation,
      ...(this.#earlyStop === undefined ? {} : { earlyStop: this.#earlyStop }),
    };
  }

  /** Of the network as the training has left it, after `metrics`: what is known of it already. */
  get ofTheEnd(): NonNullable<StepOutcome['evaluations']> {
    const test = this.#testOfTheEnd;
    return { validation: this.#log.at(-1)!.validation, ...(test && { test }) };
  }

  /** The iteration at which training would have been stopped early: the first of the lowest validation loss (Frankle & Carbin 2019). */
  async #noteLowest(epoch: number, validation: Evaluation): Promise<void> {
    if (this.#earlyStop && validation.loss >= this.#earlyStop.validation.loss) return;
    this.#earlyStop = { step: this.#run.step, epoch, validation, test: await this.#evaluate('test') };
  }

  async #testBest(): Promise<NonNullable<StepMetrics['bestValidation']>> {
    const { epoch, validation, step, snapshot } = this.#best!;
    if (step === this.#run.step) {
      this.#testOfTheEnd = await this.#evaluate('test');
      return { epoch, validation, test: this.#testOfTheEnd };
    }
    // What the extensions make of the last state, they make of its own values.
    const last = await this.#run.snapshot();
    this.#run.restore(snapshot);
    const test = await this.#evaluate('test');
    this.#run.restore(last);
    return { epoch, validation, test };
  }
}
