import { refuseOddId } from '../names/plain-id.ts';
import type { AxisPoint } from './axis.ts';
import type { ScaleName } from './scales.ts';
import type { TrainOptionsInput } from './train-options.ts';

/** One cell of a table before it is multiplied by the seeds. */
export interface TrialDeclaration {
  readonly dataset: string;
  readonly network: string;
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Cumulative target in [0, 1): short for `at: { sparsity }`. A trial has either this or `at`. */
  readonly sparsity?: number;
  /** The point of the curve that this trial is, where it is not a sparsity. */
  readonly at?: AxisPoint;
  /** Training before pruning, and after it; null where the table trains nothing there. */
  readonly pretrain: TrainOptionsInput | null;
  readonly retrain: TrainOptionsInput | null;
  /** How tables and plots call this trial's line ("global, one-shot"). Shown, not hashed. */
  readonly series: string;
  /** A control (random, shuffled mask, re-initialised ticket) rather than a method under comparison. */
  readonly control?: boolean;
}

/** Which published value belongs beside which cells: rows of the benchmark's published.csv. */
export interface PublishedReference {
  readonly network: string;
  /** Ours; needed only where the paper took another one, which is then named beside the value. Default: the paper's. */
  readonly dataset?: string;
  /** The line of ours it stands beside. */
  readonly series: string;
  /** Selects rows of published.csv by column; all must match. */
  readonly where: Readonly<Record<string, string>>;
}

/** A named table or figure of a paper: a set of trials, and how they are shown. */
export interface Benchmark {
  /** The name of its folder under benchmarks/. */
  readonly id: string;
  readonly title: string;
  /** The question that the table answers, in one sentence. */
  readonly question: string;
  /** What is different from the benchmark that it is derived from ("pretrain.learningRate=0.05"): stands in the captions of its tables. */
  readonly changes?: readonly string[];
  /**
   * Series that are declared and not computed for the published table yet, by scale: it is complete without them, and says which they
   * are. `run` computes them like any other.
   */
  readonly pending?: Readonly<Partial<Record<ScaleName, readonly string[]>>>;
  /** Seeds at each scale; at least 3 for `cpu` and `paper`. */
  readonly seeds: Readonly<Record<ScaleName, number>>;
  trials(scale: ScaleName): readonly TrialDeclaration[];
  readonly published: readonly PublishedReference[];
  /**
   * A plugin's: the absolute path of the folder with its published.csv and its README.md (`import.meta.dirname`); needed only where it
   * has them. A benchmark under benchmarks/ has them beside its declaration.
   */
  readonly folder?: string;
  /**
   * What is compared: the accuracy at each requested sparsity; or, where a method decides itself how far it goes, the number of
   * parameters it leaves (`sparsity` is then its limit); or the measured speed of the pruned network beside its accuracy
   * (networks that were not trained are then kept and timed too). Default `accuracy`.
   */
  readonly measure?: 'accuracy' | 'size' | 'speed';
  /** What tables call the validation split of data sets where it has another name ("training set" where there is none of its own). */
  readonly validationName?: string;
  /**
   * Pairs of series whose comparison answers the question, stated beforehand: each gets a sentence below the table. The
   * correction for multiple tests does not depend on them. Absent: every two series that are not controls.
   */
  readonly comparisons?: readonly (readonly [string, string])[];
}

/**
 * Keeps the type while a benchmark is declared.
 *
 * @throws PrunebenchError for an id that cannot be the name of its folder
 */
export function defineBenchmark(benchmark: Benchmark): Benchmark {
  refuseOddId('benchmark', benchmark.id);
  return benchmark;
}

/**
 * A row beside the dense network, which has only the training before pruning: the same network, nothing pruned, through the
 * training after it as well, so that a pruned row is compared with what its own budget makes of a dense network.
 */
export function denseWithSameBudget({
  dataset,
  network,
  pretrain,
  retrain,
}: Pick<TrialDeclaration, 'dataset' | 'network' | 'pretrain' | 'retrain'>): TrialDeclaration {
  const row = { method: 'magnitude', sparsity: 0, series: 'dense, same budget', control: true };
  return { dataset, network, pretrain, retrain, ...row };
}
