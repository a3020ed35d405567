import type { z } from 'zod';
import type { Batch } from './dataset.ts';
import type { Network } from './graph/layer.ts';
import type { Masks, ParameterRecord, Scores } from './parameters.ts';
import type { Granularity } from './prune-options.ts';
import type { RandomStream } from './random.ts';

/** What a criterion reads; the runner computes what is asked for and charges its cost to the method. */
export const needs = [
  'weights',
  'gradients',
  'per-sample-gradients',
  'activations',
  'second-derivatives',
  'initial-weights',
  'nothing',
] as const;
export type Need = (typeof needs)[number];

/** A paper, as a table can print it. */
export interface Citation {
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  /** "NeurIPS 2015", "Neurocomputing 6(2)" ... */
  readonly venue: string;
  /** https://..., a DOI address or arXiv's */
  readonly url: string;
}

/** What is scored. Nothing of it may be changed: the same subject and stream give the same scores. */
export interface Subject {
  readonly network: Network;
  readonly parameters: ParameterRecord;
  readonly masks: Masks;
  /** The parameters before any training. */
  readonly initialParameters: ParameterRecord;
  /** Batches of the calibration split, in an order that depends on the seed alone; without `count` one pass over it. */
  batches(options: { batchSize: number; count?: number }): Iterable<Batch>;
  /** The stream named after the criterion; random scores come from here alone. */
  readonly random: RandomStream;
}

/**
 * Scores by kernel name for every prunable kernel of the network; and, for criteria that move the surviving weights
 * (OBS and its relatives), the parameters as they are to be once the selected weights are gone.
 */
export interface Criterion<Options = unknown> {
  /** What users type: lower case, words joined by hyphens. */
  readonly id: string;
  readonly title: string;
  readonly citation: Citation;
  /** Where the survey puts it: "magnitude", "second-order", ... */
  readonly taxonomy: string;
  /** Rejects unknown keys; its defaults are the paper's, or ours where the paper is silent. */
  readonly options: z.ZodType<Options>;
  readonly granularity: readonly Granularity[];
  readonly needs: readonly Need[];
  /** Whether the paper scores a network at initialization, after training, or either. */
  readonly when: 'initialization' | 'trained' | 'any';
  score(subject: Subject, options: Options): Promise<Scores> | Scores;
  /**
   * Compensation: the surviving parameters after the weights cleared in `masks` are removed. Absent: they stay as they are.
   */
  compensate?(subject: Subject, masks: Masks, options: Options): Promise<ParameterRecord> | ParameterRecord;
  /**
   * Threshold rules decide the masks themselves, so the sparsity is their result and not asked for.
   * Absent: `select` ranks the scores.
   */
  threshold?(scores: Scores, subject: Subject, options: Options): Masks;
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

/** Keeps the options' type while a criterion is declared. */
export function defineCriterion<Options>(criterion: Criterion<Options>): Criterion<Options> {
  return criterion;
}
