import {
  defineBenchmark,
  denseWithSameBudget,
  type ScaleName,
  type TrainOptionsInput,
  type TrialDeclaration,
} from '@prunebench/core';

/** On a trained network SNIP's score is the gradient magnitude of one batch; the latter is taken over the whole calibration split. */
const criteria = [
  { method: 'magnitude', criterion: {} },
  { method: 'gradient-magnitude', criterion: { batches: 8 } },
  { method: 'snip', criterion: {} },
] as const;

/** The criteria that read gradients with batch norm as their papers' programs do not have it. */
const otherStatistics = [
  {
    method: 'snip',
    criterion: { statistics: 'batch' },
    series: 'snip with batch statistics',
    scopes: ['global', 'layer-wise uniform', 'layer-wise ERK'],
  },
  {
    method: 'gradient-magnitude',
    criterion: { batches: 8, statistics: 'running' },
    series: 'gradient-magnitude with running statistics',
    scopes: ['global'],
  },
] as const;

const scopes = [
  { name: 'global', options: { scope: 'global' } },
  { name: 'layer-wise uniform', options: { scope: 'layerwise', allocation: 'uniform' } },
  { name: 'layer-wise ERK', options: { scope: 'layerwise', allocation: 'erk' } },
] as const;

const training = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 128,
  learningRate,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  schedule: { kind: 'one-cycle' },
  weightDecay: 5e-4,
  augmentation: 'crop-flip',
});

interface Protocol {
  readonly network: string;
  readonly pretrain: TrainOptionsInput;
  readonly retrain: TrainOptionsInput;
  /** Prunable weights / remaining ones, ShrinkBench's grid. Compression 1 is the dense line. */
  readonly compressions: readonly number[];
}

const protocols: Readonly<Record<ScaleName, Protocol>> = {
  smoke: {
    network: 'resnet-20-w0.25',
    pretrain: training(0.02, 0.1),
    retrain: training(0.02, 0.02),
    compressions: [4],
  },
  cpu: {
    network: 'resnet-20-w0.5',
    pretrain: { ...training(4, 0.2), sparse: 'auto' },
    retrain: { ...training(0.5, 0.05), sparse: 'auto' },
    compressions: [2, 4, 8, 16, 32],
  },
  paper: {
    network: 'resnet-20',
    pretrain: training(160, 0.1),
    retrain: training(30, 0.01),
    compressions: [2, 4, 8, 16, 32],
  },
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const { compressions, ...cell } = protocols[scale];
  const pruned = compressions.flatMap((compression) => {
    const shared = { ...cell, dataset: 'cifar10', sparsity: 1 - 1 / compression };
    return [
      ...criteria.flatMap(({ method, criterion }) =>
        scopes.map(({ name, options }) => ({
          ...shared,
          method,
          options: { ...options, criterion, when: 'trained', allowLayerCollapse: true },
          series: `${method}, ${name}`,
        })),
      ),
      ...otherStatistics.flatMap(({ method, criterion, series, scopes: names }) =>
        scopes
          .filter(({ name }) => names.some((other) => other === name))
          .map(({ name, options }) => ({
            ...shared,
            method,
            options: { ...options, criterion, when: 'trained', allowLayerCollapse: true },
            series: `${series}, ${name}`,
          })),
      ),
      {
        ...shared,
        method: 'random',
        options: { scope: 'layerwise', allowLayerCollapse: true },
        series: 'random',
        control: true,
      },
      {
        ...shared,
        method: 'magnitude',
        options: { scope: 'global', control: 'shuffle-masks', allowLayerCollapse: true },
        series: 'shuffled mask',
        control: true,
      },
      {
        ...shared,
        method: 'magnitude',
        options: { scope: 'global', control: 'reinitialize', allowLayerCollapse: true },
        series: 're-initialised ticket',
        control: true,
      },
    ];
  });
  return [...pruned, denseWithSameBudget({ dataset: 'cifar10', ...cell })];
}

export default defineBenchmark({
  id: 'global-vs-layerwise-cifar10',
  title: 'Global or layer-wise on CIFAR-10, for three criteria',
  question: 'Does the answer for magnitude on the LeNets hold on a residual network, and for gradient-based scores?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  trials,
  comparisons: [
    ...criteria.flatMap(({ method }) => [
      [`${method}, global`, `${method}, layer-wise uniform`] as const,
      [`${method}, global`, `${method}, layer-wise ERK`] as const,
    ]),
    ...otherStatistics.map(({ method, series }) => [`${method}, global`, `${series}, global`] as const),
    ['snip with batch statistics, global', 'snip with batch statistics, layer-wise uniform'],
    ['snip with batch statistics, global', 'snip with batch statistics, layer-wise ERK'],
  ],
  published: [],
});
