import { canonicalJson, type Measured, type TrialRecord } from '@prunebench/core';
import { type Estimate, estimate, PERCENT } from '../statistics/estimate.ts';
import { type Provenance, provenanceOf } from './provenance.ts';

/** The network of a table before the first weight was removed; on the test split, in percent. */
export interface DenseReference extends Provenance {
  /** "dense"; further ones also say whose they are. */
  readonly name: string;
  readonly trials: readonly { readonly seed: number; readonly accuracy: number }[];
  readonly accuracy: Estimate;
  readonly error: Estimate;
  /** For how long it was trained. */
  readonly epochs: number;
  /** On the validation split. */
  readonly validationAccuracy: Estimate;
}

type Evaluations = NonNullable<Measured['dense']>;

interface Candidate {
  readonly pretrain: string;
  readonly epochs: number;
  readonly bySeed: Map<number, Evaluations>;
  readonly series: Set<string>;
  readonly records: TrialRecord[];
}

/**
 * The dense networks that the trials of one network started from. Trials of a seed share theirs, except where a method
 * trains differently from the start (a sparsity penalty, another budget): those that agree on all their common seeds
 * make one reference. The first is the one most trials share; a further one must be shared by two series at least.
 */
export function denseReferences(records: readonly TrialRecord[]): DenseReference[] {
  const candidates: Candidate[] = [];
  for (const record of records) {
    const { spec, series, measured } = record;
    if (!measured?.dense) continue;
    const { accuracy } = measured.dense.test;
    const pretrain = canonicalJson(spec.pretrain);
    const fits = ({ bySeed, pretrain: other }: Candidate) =>
      other === pretrain && (bySeed.get(spec.seed)?.test.accuracy ?? accuracy) === accuracy;
    let candidate = candidates.find(fits);
    if (candidate === undefined) {
      candidate = { pretrain, epochs: spec.pretrain?.epochs ?? 0, bySeed: new Map(), series: new Set(), records: [] };
      candidates.push(candidate);
    }
    candidate.bySeed.set(spec.seed, measured.dense);
    candidate.series.add(series);
    candidate.records.push(record);
  }
  return candidates
    .toSorted((a, b) => b.records.length - a.records.length)
    .filter(({ series }, index) => index === 0 || series.size > 1)
    .map((candidate, index) => reference(index === 0 ? 'dense' : `dense (${[...candidate.series][0]})`, candidate));
}

function reference(name: string, { epochs, bySeed, records }: Candidate): DenseReference {
  const seeds = [...bySeed].sort(([a], [b]) => a - b);
  const trials = seeds.map(([seed, { test }]) => ({ seed, accuracy: test.accuracy }));
  return {
    name,
    epochs,
    trials,
    accuracy: estimate(
      trials.map(({ accuracy }) => accuracy),
      PERCENT,
    )!,
    error: estimate(
      trials.map(({ accuracy }) => 100 - accuracy),
      PERCENT,
    )!,
    validationAccuracy: estimate(
      seeds.map(([, { validation }]) => validation.accuracy),
      PERCENT,
    )!,
    ...provenanceOf(records),
  };
}
