import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

/** One step an epoch: the whole training set is a batch. Weight decay is the paper's baseline (backprop with weight decay). */
const fullBatch = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 432,
  learningRate,
  optimizer: { kind: 'adam' },
  weightDecay: 1e-4,
});

const problems = [
  { dataset: 'monk1', network: 'mlp-17-3-1' },
  { dataset: 'monk2', network: 'mlp-17-2-1' },
  { dataset: 'monk3', network: 'mlp-17-2-1' },
] as const;

const criteria = [
  { criterion: 'magnitude', series: 'magnitude' },
  { criterion: 'obd', series: 'OBD' },
  { criterion: 'obs', series: 'OBS' },
  { criterion: 'random', series: 'random', control: true },
] as const;

const epochs: Readonly<Record<ScaleName, readonly [pretrain: number, retrain: number]>> = {
  smoke: [200, 20],
  cpu: [3000, 300],
  paper: [10_000, 1000],
};

/** The most that may go: every layer keeps a weight. */
const limit = 0.94;

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const [pretrain, retrain] = epochs[scale];
  return problems.flatMap((problem) =>
    criteria.map(({ criterion, ...line }) => ({
      ...problem,
      ...line,
      method: 'prune-while-accurate',
      options: { criterion },
      sparsity: limit,
      pretrain: fullBatch(pretrain, 0.02),
      retrain: fullBatch(retrain, 0.005),
    })),
  );
}

const table = { table_id: 'T01' };

export default defineBenchmark({
  id: 'obd-vs-obs-monk',
  title: "The MONK's problems: how few weights are enough?",
  question:
    'When weights go one at a time until the training set can no longer be kept, which criterion goes furthest?',
  seeds: { smoke: 1, cpu: 20, paper: 50 },
  trials,
  comparisons: [
    ['OBS', 'OBD'],
    ['OBS', 'magnitude'],
    ['OBD', 'magnitude'],
  ],
  published: problems.flatMap(({ dataset, network }) => [
    { network, series: 'OBS', where: { ...table, dataset: dataset.toUpperCase(), method: 'OBS' } },
    {
      network,
      series: 'dense',
      where: { ...table, dataset: dataset.toUpperCase(), method: 'BPWD (backprop+weight decay)' },
    },
  ]),
});
