import type { z } from 'zod';
import type { Network } from '../graph/layer.ts';
import type { ParameterRecord, Scores, State } from '../parameters.ts';
import type { RandomStream } from '../random.ts';
import type { NamedMetrics } from '../records/named-metrics.ts';
import type { AxisPoint } from './axis.ts';
import type { PaperKey } from './bibliography.ts';
import type { Citation } from './citation.ts';
import { type Criterion, type Family, refuseMissing, type Scored, type Subject } from './criterion.ts';
import type { Dataset, SplitName } from './dataset.ts';
import type { ExtensionEntry } from './extension.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * One step of a method: a pure function of the state before it, its options and the seed. Plain data, so that a
 * trial's steps can be hashed: trials whose first steps are equal share their results.
 */
export interface Step {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A step as it is hashed. */
export interface HashedStep extends Step {
  /** Of the criterion that the options name, where it has one. */
  readonly revision?: number;
  /** Of the extensions that the options name, by id. */
  readonly extensionRevisions?: Readonly<Record<string, number>>;
  /** Of the kind of step, where it has one. */
  readonly kindRevision?: number;
}

/** What a benchmark asks of a method. */
export interface Plan<Options = unknown> {
  readonly network: Network;
  /** What is asked of it; `shareAt` gives the share of weights or units that it is to remove. */
  readonly at: AxisPoint;
  /** The common starting point; the same for every method of a table. Null: no training before pruning. */
  readonly pretrain: TrainOptions | null;
  /** The budget after pruning (of each round, for iterative schedules). Null: no training after it. */
  readonly retrain: TrainOptions | null;
  readonly options: Options;
}

/** A whole procedure: trains, scores, prunes, retrains. Every criterion is one through `fromCriterion`. */
export interface Method<Options = unknown> {
  readonly id: string;
  readonly title: string;
  /** The bibliography's key of the paper, or its whole text. */
  readonly citation: Citation | PaperKey;
  readonly taxonomy: Family;
  readonly options: z.ZodType<Options>;
  /**
   * Rises when the same options come to mean something else, so that nothing computed before passes for what is computed now;
   * part of the keys of its trials and stages. Absent: 1.
   */
  readonly revision?: number;
  /** The criterion that the options name, where the method takes any: its revision is part of the keys too. */
  criterion?(options: Options): string;
  steps(plan: Plan<Options>): readonly Step[];
}

/** Accuracy in percent over all examples of a split, and the mean cross-entropy. */
export interface Evaluation {
  readonly accuracy: number;
  readonly loss: number;
}

/** One line of a training's log. */
export interface EpochLog {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validation: Evaluation;
  readonly learningRate: number;
}

/** What a step left behind besides the state. Records take over what is listed here; anything else stays with the stage. */
export interface StepMetrics {
  readonly epochs?: readonly EpochLog[];
  /** The epoch that was best on the validation split, and its test accuracy: reported beside the last epoch's, never instead. */
  readonly bestValidation?: { readonly epoch: number; readonly validation: Evaluation; readonly test: Evaluation };
  /** The first of the lowest validation losses, where a training looks every so many updates: by it, it would have been stopped early. */
  readonly earlyStop?:
    | { readonly step: number; readonly epoch: number; readonly validation: Evaluation; readonly test: Evaluation }
    | undefined;
  /** Examples that went forward and backward. */
  readonly trainedExamples?: number;
  /**
   * Numbers for the record's `metrics`, by a name that no other step of the trial uses ("rank-correlation"), each with its unit. The
   * same for the same spec: no seconds.
   */
  readonly named?: NamedMetrics;
  readonly [name: string]: unknown;
}

export interface StepOutcome {
  readonly state: State;
  readonly metrics: StepMetrics;
  /** Of the state, by split, as far as the step has evaluated it: what is here is not evaluated again. */
  readonly evaluations?: { readonly validation?: Evaluation; readonly test?: Evaluation };
}

/** What is going on, for the progress display. */
export interface Progress {
  readonly fraction: number;
  readonly loss?: number;
  readonly examplesPerSecond?: number;
}

/** What a step may use while it runs. */
export interface TrialSession {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly seed: number;
  /** The stream of this step in this trial. */
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  /** The parameters before any training, from the trial's seed; with a stream, others drawn from it in the same way. */
  initialParameters(stream?: RandomStream): ParameterRecord;
  /** The state as it was after step `index` of this trial (rewinding). */
  stateAfter(index: number): Promise<State>;
  criterion(id: string): Criterion;
  /**
   * Scores the state that this step starts from. Trials that score the same state in the same way share the scores, which
   * nobody may change then.
   *
   * @returns the scores, and the seconds that they took where an earlier step paid for them (else 0); where they were computed now by a
   *   criterion that compensates by what it scored with, its compensation: nobody keeps it but the caller
   */
  scoreStart(
    criterion: Criterion,
    options: unknown,
    subject: Subject,
  ): Promise<{
    readonly scores: Scores;
    readonly savedSeconds: number;
    readonly compensate?: Scored['compensate'];
  }>;
  /**
   * Trains a state; each training of one step draws from a stream of its own, but one that goes on where another was cut (`options.from`)
   * draws from that one's.
   *
   * @returns the state with the masks that the training ended with
   */
  train(state: State, options: TrainOptions): Promise<StepOutcome>;
  evaluate(state: State, split: SplitName): Promise<Evaluation>;
  progress(progress: Progress): void;
}

/** What a step's options say once all that goes without saying is left out. */
export interface Normalised {
  readonly options: Readonly<Record<string, unknown>>;
  /** Of the criterion that the options name, where it has one. */
  readonly revision?: number;
  /** Of the extensions that the options name, by id, where they have one. */
  readonly extensionRevisions?: Readonly<Record<string, number>>;
}

/** What a step's options may name. */
export interface NamedEntries {
  readonly criteria: ReadonlyMap<string, Criterion>;
  readonly extensions: ReadonlyMap<string, ExtensionEntry>;
}

/** The code behind a kind of step, and what it does to a state: the planner knows no kind by its name. */
export interface StepKind<Options = unknown> {
  readonly kind: string;
  readonly options: z.ZodType<Options>;
  /** Whether it may remove weights: what is measured as pruned is the state after the last such step. */
  readonly prunes: boolean;
  /** Whether examples train the network in it: before the first pruning step they make what is measured as dense. */
  readonly trains: boolean;
  /**
   * Whether it belongs to the pruning step that it follows, so that what is measured as pruned comes after it: it mends without
   * training what pruning has upset (batch norm's statistics). Absent: no.
   */
  readonly completesPruning?: boolean;
  /** Whether the planner puts it before the steps of the method where a network brings parameters trained elsewhere. Absent: no. */
  readonly loadsPretrained?: boolean;
  /**
   * Rises when the same options come to mean something else, so that nothing computed before passes for what is computed now;
   * part of the keys of the stages and trials that take such a step. Absent: 1.
   */
  readonly revision?: number;
  /** About how many passes over the training split it takes; it only shapes the estimate of the time left. Absent: a tenth of one. */
  work?(options: Options): number;
  /**
   * Leaves out of options, from which the defaults of `options` are gone, what the kind's schema cannot know as a default: that of
   * a criterion or an extension which they name. Absent: nothing more is left out.
   */
  normalise?(options: Readonly<Record<string, unknown>>, entries: NamedEntries): Normalised;
  run(session: TrialSession, state: State, options: Options): Promise<StepOutcome>;
}

/** The kind of step that a file declares; as with criteria, the options' type ends here, and `run` parses what it is given. */
export function defineStepKind<Options>(definition: StepKind<Options>): StepKind {
  const { work } = definition;
  return {
    ...definition,
    ...(work && { work: (options) => work(definition.options.parse(options)) }),
    run: (session, state, options) => definition.run(session, state, definition.options.parse(options)),
  };
}

/** The method that a file declares; its `steps` parses the options that it is given. */
export function defineMethod<Options>(definition: Method<Options>): Method {
  const { criterion } = definition;
  refuseMissing('Method', definition.id, 'steps', definition.steps);
  return {
    ...definition,
    ...(criterion && { criterion: (options) => criterion(definition.options.parse(options)) }),
    steps: (plan) => definition.steps({ ...plan, options: definition.options.parse(plan.options) }),
  };
}
