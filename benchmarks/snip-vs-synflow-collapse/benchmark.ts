import { defineBenchmark, type ScaleName, type TrialDeclaration } from '@prunebench/core';

/**
 * SynFlow's five pruners (Tanaka et al. 2020): one shot for all but SynFlow, which takes 100 rounds of an exponential schedule. They
 * score all in evaluation mode; GraSP's own program scores in training mode, so both modes of both are here.
 */
const pruners = [
  { method: 'random', options: { when: 'initialization' }, series: 'random', control: true },
  { method: 'magnitude', options: { when: 'initialization' }, series: 'magnitude' },
  { method: 'snip', options: {}, series: 'SNIP' },
  { method: 'snip', options: { criterion: { statistics: 'batch' } }, series: 'SNIP, batch statistics' },
  { method: 'grasp', options: {}, series: 'GraSP' },
  { method: 'grasp', options: { criterion: { statistics: 'running' } }, series: 'GraSP, running statistics' },
  // As the figure was made: the program had no temperature yet.
  {
    method: 'grasp',
    options: { criterion: { statistics: 'running', temperature: 1 } },
    series: 'GraSP, running statistics, no temperature',
  },
  { method: 'synflow', options: { schedule: { kind: 'exponential', rounds: 100 } }, series: 'SynFlow' },
] as const;

interface Grid {
  readonly networks: readonly string[];
  /** log10 of the compression ratio */
  readonly exponents: readonly number[];
  /** Those at which SynFlow is tried: its 100 rounds cost a hundred times as much as the others' one, and it is the last to collapse. */
  readonly synflow: (network: string) => readonly number[];
}

const paperGrid = Array.from({ length: 24 }, (_, i) => (i + 1) / 4);

const scales: Readonly<Record<ScaleName, Grid>> = {
  smoke: { networks: ['resnet-20'], exponents: [1, 2], synflow: () => [2] },
  cpu: {
    networks: ['vgg-16', 'vgg-11', 'resnet-18', 'resnet-20'],
    exponents: [0.5, 1, 1.5, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 5],
    synflow: (network) => (network === 'resnet-20' ? [1, 2, 3, 4, 5] : [3, 5]),
  },
  paper: {
    networks: ['vgg-16', 'vgg-11', 'resnet-18', 'resnet-20'],
    exponents: paperGrid,
    synflow: () => paperGrid,
  },
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const { networks, exponents, synflow } = scales[scale];
  return networks.flatMap((network) =>
    exponents.flatMap((exponent) =>
      pruners
        .filter(({ method }) => method !== 'synflow' || synflow(network).includes(exponent))
        .map(({ options, ...pruner }) => ({
          ...pruner,
          options: { ...options, scope: 'global', allowLayerCollapse: true },
          dataset: 'cifar10',
          network,
          sparsity: 1 - 10 ** -exponent,
          pretrain: null,
          retrain: null,
        })),
    ),
  );
}

const figure = { table_id: 'T19c', metric: 'last log10 compression plotted in Fig. 1' };

export default defineBenchmark({
  id: 'snip-vs-synflow-collapse',
  title: 'Layer collapse at initialization',
  question: 'At which compression does each pruner empty a whole layer while others still have weights?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  trials,
  published: [
    ['random', 'Random'],
    ['magnitude', 'Magnitude at init (global)'],
    ['SNIP', 'SNIP'],
    ['GraSP, running statistics, no temperature', 'GraSP'],
    ['SynFlow', 'SynFlow (100 iterations)'],
  ].map(([series, method]) => ({ network: 'vgg-16', dataset: 'cifar10', series, where: { ...figure, method } })),
});
