import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

const pruners = [
  { method: 'random', options: { when: 'initialization' }, series: 'random', control: true },
  { method: 'magnitude', options: { when: 'initialization' }, series: 'magnitude' },
  { method: 'snip', options: {}, series: 'SNIP' },
  {
    method: 'snip',
    options: { criterion: { statistics: 'batch' } },
    series: 'SNIP, batch statistics',
    batchNormOnly: true,
  },
  { method: 'grasp', options: {}, series: 'GraSP' },
  {
    method: 'grasp',
    options: { criterion: { statistics: 'running' } },
    series: 'GraSP, running statistics',
    batchNormOnly: true,
  },
  { method: 'synflow', options: { schedule: { kind: 'exponential', rounds: 100 } }, series: 'SynFlow' },
  {
    method: 'synflow',
    options: { schedule: { kind: 'exponential', rounds: 100 }, control: 'shuffle-masks' },
    series: 'SynFlow, shuffled mask',
    control: true,
  },
  {
    method: 'synflow',
    options: { schedule: { kind: 'exponential', rounds: 100 }, control: 'reinitialize' },
    series: 'SynFlow, re-initialised',
    control: true,
  },
] as const;

interface Protocol {
  readonly networks: readonly { dataset: string; network: string; training: TrainOptionsInput }[];
  /** log10 of the compression ratio */
  readonly exponents: readonly number[];
}

/** One-cycle reaches in a few epochs what a step schedule needs many for: the protocol of a short budget. */
const oneCycle = (epochs: number, learningRate: number, augmentation: 'none' | 'crop-flip'): TrainOptionsInput => ({
  epochs,
  batchSize: 128,
  learningRate,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  schedule: { kind: 'one-cycle' },
  weightDecay: 5e-4,
  augmentation,
  sparse: 'auto',
});

/** Tanaka et al. 2020, appendix, and their program: SGD with Nesterov momentum 0.9, rate 0.1 divided by 10 at epochs 60 and 120 of 160, batch 128, weight decay 1e-4. */
const synflowTraining: TrainOptionsInput = {
  epochs: 160,
  batchSize: 128,
  learningRate: 0.1,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  schedule: { kind: 'step', boundaries: [60 / 160, 120 / 160] },
  weightDecay: 1e-4,
  augmentation: 'crop-flip',
};

const protocols: Readonly<Record<ScaleName, Protocol>> = {
  smoke: {
    networks: [{ dataset: 'mnist', network: 'lenet-5-caffe-w0.25', training: oneCycle(0.05, 0.05, 'none') }],
    exponents: [1],
  },
  cpu: {
    networks: [
      { dataset: 'mnist', network: 'lenet-5-caffe', training: oneCycle(2, 0.05, 'none') },
      { dataset: 'cifar10', network: 'vgg-11-w0.25', training: oneCycle(3, 0.1, 'crop-flip') },
    ],
    exponents: [0.5, 1, 1.5, 2, 2.5, 3],
  },
  paper: {
    networks: [
      { dataset: 'cifar10', network: 'vgg-16', training: synflowTraining },
      { dataset: 'cifar10', network: 'vgg-11', training: synflowTraining },
      { dataset: 'cifar10', network: 'resnet-18', training: synflowTraining },
    ],
    exponents: [0.5, 1, 1.5, 2, 2.5, 3],
  },
};

/** The LeNets have none: both modes would be one and the same trial. */
const hasBatchNorm = (network: string) => !network.startsWith('lenet');

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const { networks, exponents } = protocols[scale];
  return networks.flatMap(({ training, ...network }) => {
    const cell = { ...network, pretrain: training, retrain: null };
    return [
      { ...cell, method: 'magnitude', options: { scope: 'global' }, sparsity: 0, series: 'nothing pruned' },
      ...exponents.flatMap((exponent) =>
        pruners
          .filter((pruner) => !('batchNormOnly' in pruner) || hasBatchNorm(network.network))
          .map(({ method, options, series, ...pruner }) => ({
            ...cell,
            method,
            series,
            control: 'control' in pruner,
            // A collapsed network is a result here: it trains to chance, as in the paper's figure.
            options: { ...options, scope: 'global', allowLayerCollapse: true },
            sparsity: 1 - 10 ** -exponent,
          })),
      ),
    ];
  });
}

const figure = { table_id: 'T19', dataset: 'CIFAR-10' };
const names = [
  ['random', 'Random'],
  ['magnitude', 'Magnitude at init (global)'],
  ['SNIP', 'SNIP'],
  ['GraSP, running statistics', 'GraSP'],
  ['SynFlow', 'SynFlow (100 iterations)'],
] as const;

export default defineBenchmark({
  id: 'snip-vs-synflow-cifar10',
  title: 'Pruning before training: accuracy against compression',
  question: 'Which criterion at initialization leaves the network that trains best, and up to which compression?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  trials,
  comparisons: [
    ['SynFlow', 'SNIP'],
    ['SynFlow', 'GraSP'],
    ['SynFlow', 'GraSP, running statistics'],
    ['SNIP', 'SNIP, batch statistics'],
    ['GraSP', 'GraSP, running statistics'],
    ['SynFlow', 'magnitude'],
    ['SynFlow', 'random'],
    ['SynFlow', 'SynFlow, shuffled mask'],
    ['SynFlow', 'SynFlow, re-initialised'],
  ],
  published: (
    [
      ['vgg-16', 'VGG-16-BN'],
      ['vgg-11', 'VGG-11-BN'],
      ['resnet-18', 'ResNet-18'],
    ] as const
  ).flatMap(([network, published]) =>
    names.map(([series, method]) => ({ network, series, where: { ...figure, network: published, method } })),
  ),
});
