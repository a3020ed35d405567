import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

/** Dettmers & Zettlemoyer's program: Nesterov at 0.1, divided by 10 every 25,000 updates of 54,000, batch 100, weight decay 5e-4. */
const training = (epochs: number): TrainOptionsInput => ({
  epochs,
  batchSize: 100,
  learningRate: 0.1,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  schedule: { kind: 'step', boundaries: [0.46, 0.93] },
  weightDecay: 5e-4,
  sparse: 'auto',
});

const epochs: Readonly<Record<ScaleName, number>> = { smoke: 0.1, cpu: 20, paper: 100 };
const sparsities: Readonly<Record<ScaleName, readonly number[]>> = {
  smoke: [0.95],
  cpu: [0.9, 0.95, 0.96, 0.97, 0.98, 0.99],
  paper: [0.9, 0.95, 0.96, 0.97, 0.98, 0.99],
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const cell = { dataset: 'mnist', network: 'lenet-300-100-bn', pretrain: training(epochs[scale]), retrain: null };
  const rigl = scale === 'smoke' ? { every: 10 } : {};
  return [
    { ...cell, method: 'random', sparsity: 0, series: 'dense, the same training', control: true },
    ...sparsities[scale].flatMap((sparsity) => [
      { ...cell, method: 'set', sparsity, series: 'SET' },
      { ...cell, method: 'rigl', options: rigl, sparsity, series: 'RigL' },
      {
        ...cell,
        method: 'random',
        options: { scope: 'layerwise', allocation: 'erk', when: 'initialization' },
        sparsity,
        series: 'static random mask',
        control: true,
      },
    ]),
  ];
}

const published = { table_id: 'T10', metric: 'test accuracy %' };

export default defineBenchmark({
  id: 'dynamic-mnist',
  title: 'Masks that move: dynamic sparse training on MNIST',
  question: 'What does a mask that moves while it is trained gain over one that stays where it was drawn?',
  seeds: { smoke: 1, cpu: 3, paper: 5 },
  trials,
  comparisons: [
    ['SET', 'static random mask'],
    ['RigL', 'static random mask'],
    ['RigL', 'SET'],
  ],
  published: [
    { network: 'lenet-300-100-bn', series: 'SET', where: { ...published, method: 'SET (Mocanu 2018)' } },
    { network: 'lenet-300-100-bn', series: 'dense', where: { ...published, method: 'dense' } },
  ],
});
