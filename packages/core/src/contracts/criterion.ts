import type { z } from 'zod';
import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import type { Masks, ParameterRecord, Scores } from '../parameters.ts';
import type { Granularity } from '../pruning/prune-options.ts';
import { refuseOddScores } from '../pruning/refuse-odd-scores.ts';
import type { RandomStream } from '../random.ts';
import type { PaperKey } from './bibliography.ts';
import type { Citation } from './citation.ts';
import type { Batch } from './dataset.ts';

/** What a criterion reads of its subject: what it does not ask for is refused, see `limitedTo`. */
export const needs = [
  'weights',
  'gradients',
  'per-sample-gradients',
  'activations',
  'second-derivatives',
  'initial-weights',
  'variables',
  'nothing',
] as const;
export type Need = (typeof needs)[number];

/**
 * Where O'Neill's survey of 2020 puts a method: by the size of weights, by weight regularization, by the loss's sensitivity to its first
 * or second derivatives, whole structures, Bayesian priors, adversarial training, search, before training; and the baselines.
 */
export type Family =
  | 'baseline'
  | 'magnitude'
  | 'regularization'
  | 'sensitivity'
  | 'first-order'
  | 'second-order'
  | 'structured'
  | 'bayesian'
  | 'adversarial'
  | 'search'
  | 'initialization'
  | 'dynamic';

/** What is scored. Nothing of it may be changed: the same subject and stream give the same scores. */
export interface Subject {
  readonly network: Network;
  readonly parameters: ParameterRecord;
  readonly masks: Masks;
  /** The parameters before any training. */
  readonly initialParameters: ParameterRecord;
  /** What extensions of earlier trainings have left, by "<extension>/<name>" (`State.variables`); absent: nothing. */
  readonly variables?: ParameterRecord | undefined;
  /** Batches of the calibration split, in an order that depends on the seed alone; without `count` one pass over it. */
  batches(options: { batchSize: number; count?: number }): Iterable<Batch>;
  /** The stream named after the criterion; random scores come from here alone. */
  readonly random: RandomStream;
}

/** Scores, and what becomes of the weights that stay. */
export interface Scored {
  readonly scores: Scores;
  /**
   * As `Criterion.compensate` for the same subject, by the curvature that the scores were made of. Whoever keeps this keeps the
   * curvature, so it is called soon or dropped.
   */
  compensate(masks: Masks): Promise<ParameterRecord> | ParameterRecord;
}

/** What is said of a criterion besides its functions. */
interface CriterionCard {
  /** What users type: lower case, words joined by hyphens. */
  readonly id: string;
  readonly title: string;
  /** The bibliography's key of the paper, or its whole text. */
  readonly citation: Citation | PaperKey;
  readonly taxonomy: Family;
  readonly granularity: readonly Granularity[];
  readonly needs: readonly Need[];
  /** Whether the paper scores a network at initialization, after training, or either. */
  readonly when: 'initialization' | 'trained' | 'any';
  /**
   * Between the rounds of one pruning step (`via`), weights removed in that step compete again (FORCE): every round gets
   * the parameters from before the step with the masks of the round before, and selects from the masks before the step.
   * Absent: pruned stays pruned.
   */
  readonly regrows?: boolean;
  /**
   * Rises when the same options come to mean something else, so that nothing computed before passes for what is computed now;
   * part of the keys of its trials and stages. Absent: 1.
   */
  readonly revision?: number;
  /**
   * Where its authors' own program does something else, one sentence of Markdown each, for the page of the methods; names the
   * option that does it their way, if there is one.
   */
  readonly deviations?: readonly string[];
}

/** A criterion as its file declares it: its functions take the options that `options` parses. */
export interface CriterionDefinition<Options> extends CriterionCard {
  /** Rejects unknown keys; its defaults are the paper's, or ours where the paper is silent. */
  readonly options: z.ZodType<Options>;
  /**
   * Scores by kernel name for every prunable kernel of the network; and, for criteria that move the surviving weights (OBS and its
   * relatives), the compensation that belongs to them where it needs what the scores were made of.
   */
  score(subject: Subject, options: Options): Promise<Scores | Scored> | Scores | Scored;
  /**
   * Compensation: the surviving parameters after the weights cleared in `masks` are removed. Absent: they stay as they are.
   */
  compensate?(subject: Subject, masks: Masks, options: Options): Promise<ParameterRecord> | ParameterRecord;
  /**
   * Refuses what the network's shapes and the options alone say cannot be computed, which is asked before anything is trained:
   * matrices that do not fit into the memory they may take. Absent: any network will do.
   *
   * @throws PrunebenchError
   */
  checkMemory?(network: Network, options: Options): void;
  /**
   * Threshold rules decide the masks themselves, so the sparsity is their result and not asked for.
   * Absent: `select` ranks the scores.
   */
  threshold?(scores: Scores, subject: Subject, options: Options): Masks;
}

/** A criterion as everybody else sees it: its functions take options as they were written, and parse them. */
export interface Criterion extends CriterionDefinition<unknown> {}

/**
 * The criterion that a file declares. Here the options' type ends: whoever holds many criteria cannot know it.
 *
 * Its functions throw a PrunebenchError that names the criterion and the option for options that do not fit.
 */
export function defineCriterion<Options>(definition: CriterionDefinition<Options>): Criterion {
  const { checkMemory, compensate, threshold } = definition;
  refuseMissing('Criterion', definition.id, 'score', definition.score);
  const parse = (options: unknown) => parsedOptions(definition, options);
  return {
    ...definition,
    score: (subject, options) => definition.score(subject, parse(options)),
    ...(checkMemory && { checkMemory: (network, options) => checkMemory(network, parse(options)) }),
    ...(compensate && { compensate: (subject, masks, options) => compensate(subject, masks, parse(options)) }),
    ...(threshold && { threshold: (scores, subject, options) => threshold(scores, subject, parse(options)) }),
  };
}

/**
 * For entries that come from files without types.
 *
 * @throws PrunebenchError unless the entry has the function
 */
export function refuseMissing(what: string, id: string, name: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new PrunebenchError(`${what} ${id} has no function ${name}.`, {
    remedy: 'Write it where the entry is defined, spelt so: the how-tos in docs/ have examples.',
  });
}

/**
 * Options as an entry takes them.
 *
 * @param what the entry is, as messages call it
 * @throws PrunebenchError naming the entry, and the option that is wrong
 */
export function parsedOptions<Options>(
  { id, options: schema }: Pick<CriterionDefinition<Options>, 'id' | 'options'>,
  options: unknown,
  what = 'Criterion',
): Options {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue.path.length > 0 ? ` option ${issue.path.join('.')}` : ' options';
  throw new PrunebenchError(`${what} ${id},${where}: ${issue.message}.`, {
    remedy: 'Correct the option where the benchmark declares it.',
  });
}

/**
 * The criterion's scores of a subject, and its compensation for the same subject where it gives that with them.
 *
 * @throws PrunebenchError naming the criterion, where what it returns is no typed arrays by name
 */
export async function scored(
  criterion: Criterion,
  subject: Subject,
  options: unknown,
): Promise<{ readonly scores: Scores; readonly compensate?: Scored['compensate'] }> {
  const result = await criterion.score(subject, options);
  const given = isScored(result) ? result : { scores: result };
  refuseOddScores(criterion.id, given.scores);
  return given;
}

/** Scores are arrays by kernel name, and no array is a function. */
function isScored(result: Scores | Scored): result is Scored {
  return typeof result?.compensate === 'function';
}
