import type { ScaleName, TrainOptionsInput } from '@prunebench/core';
import type { Asked } from './own-question.ts';

/** What is asked and what was chosen for whoever asks, in lines. */
export function captionOf({ benchmark, budget, notes }: Asked, scale: ScaleName): readonly string[] {
  const [first] = benchmark.trials(scale);
  const whose = budget.benchmark === null ? 'a general training' : `the trainings of ${budget.benchmark}`;
  return [
    `${benchmark.title}, with ${whose} (scale ${scale}): ${training(first.pretrain)} before pruning, ${training(first.retrain)} after it (both after it where pruning comes first).`,
    ...notes,
  ];
}

function training(options: TrainOptionsInput | null): string {
  if (options === null) return 'none';
  const { epochs, learningRate } = options;
  return `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} at rate ${learningRate}`;
}
