import type { EpochLog, TrialRecord } from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import type { TrainingCurve } from '@prunebench/report';
import { z } from 'zod';
import type { Registry } from '../registry.ts';
import type { StageInfo, StageStore } from './stage-store.ts';

const epochLog = z.looseObject({
  epoch: z.number(),
  trainLoss: z.number(),
  validation: z.looseObject({ accuracy: z.number(), loss: z.number() }),
  learningRate: z.number(),
});
/** What a step that trains reports; what a plugin's step calls so and is something else has no curve. */
const logs = z.array(epochLog);

/**
 * What the trainings of a trial logged, from its stages. Their epochs are added up: a segment of a training goes on where the one
 * before it stopped, whatever its own log counts from.
 *
 * @returns null where a stage is not kept any more: records hold no logs of epochs, since results stay small
 */
export async function trainingCurve(
  { run }: Pick<TrialRecord, 'run'>,
  store: StageStore,
  registry: () => Promise<Registry>,
  notice: Notice,
): Promise<TrainingCurve | null> {
  const stages: StageInfo[] = [];
  for (const { key } of run.stages) {
    const info = await store.find(key, notice);
    if (info === undefined) return null;
    stages.push(info);
  }
  const { steps } = await registry();
  return joinedCurve(stages, (kind) => steps.get(kind)?.prunes ?? false);
}

/** The logs of stages one after the other, first step first. */
export function joinedCurve(
  stages: readonly Pick<StageInfo, 'kind' | 'metrics'>[],
  prunes: (kind: string) => boolean,
): TrainingCurve {
  const points: EpochLog[] = [];
  const prunedAt: number[] = [];
  let before = 0;
  let examplesPerEpoch: number | undefined;
  for (const { kind, metrics } of stages) {
    const log = logs.safeParse(metrics.epochs).data ?? [];
    const last = log.at(-1)?.epoch;
    if (last === undefined) {
      if (prunes(kind)) prunedAt.push(before);
      continue;
    }
    const { trainedExamples } = metrics;
    // The first training of a trial begins at 0.
    if (trainedExamples !== undefined && last > 0) examplesPerEpoch ??= trainedExamples / last;
    const length = trainedExamples === undefined || !examplesPerEpoch ? last : trainedExamples / examplesPerEpoch;
    points.push(...log.map((point) => ({ ...point, epoch: before + length - (last - point.epoch) })));
    before += length;
  }
  return { points, prunedAt };
}
