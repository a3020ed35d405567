import { PrunebenchError, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import { trialsOf } from '../plan/trials-of.ts';
import type { Registry } from '../registry.ts';

/** The trainings before and after pruning, and whose they are. */
export interface Budget {
  readonly pretrain: TrainOptionsInput;
  readonly retrain: TrainOptionsInput;
  /** The benchmark that trains this network on this data set in this way; null for the general training. */
  readonly benchmark: string | null;
}

/** For networks that no benchmark trains: the training of most of the suite's benchmarks, at a rate that none of its networks diverges at. */
const general = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 128,
  learningRate,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  schedule: { kind: 'cosine' },
  weightDecay: 5e-4,
});

const generalEpochs: Readonly<Record<ScaleName, readonly [number, number]>> = {
  smoke: [0.1, 0.05],
  cpu: [5, 2],
  paper: [100, 50],
};

/**
 * The budget of a network on a data set: that of a benchmark which prunes it between two trainings, so that what is measured can be held
 * against its table; of several, the first by name.
 *
 * @param like the benchmark to take it from; else any
 * @throws PrunebenchError for an unknown benchmark, and for one that does not train this network between two trainings
 */
export async function budgetOf(
  dataset: string,
  network: string,
  scale: ScaleName,
  registry: Registry,
  like?: string,
): Promise<Budget> {
  const entries =
    like === undefined ? [...registry.benchmarks.values()] : [lookUp(registry.benchmarks, 'benchmark', like)];
  for (const { id, load } of entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const trial = trialsOf(await load(), scale).find((each) => isBetweenTrainings(each, dataset, network));
    if (trial?.pretrain && trial.retrain) return { pretrain: trial.pretrain, retrain: trial.retrain, benchmark: id };
  }
  if (like !== undefined)
    throw new PrunebenchError(
      `Benchmark ${like} does not prune ${network} on ${dataset} between two trainings at scale ${scale}.`,
      { remedy: 'Leave --like out, or name another benchmark or scale.' },
    );
  const [before, after] = generalEpochs[scale];
  return { pretrain: general(before, 0.02), retrain: general(after, 0.01), benchmark: null };
}

function isBetweenTrainings(trial: TrialDeclaration, dataset: string, network: string): boolean {
  return trial.dataset === dataset && trial.network === network && trial.pretrain !== null && trial.retrain !== null;
}
