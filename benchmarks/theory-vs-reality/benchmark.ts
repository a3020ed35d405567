import {
  defineBenchmark,
  denseWithSameBudget,
  type ScaleName,
  type TrainOptionsInput,
  type TrialDeclaration,
} from '@prunebench/core';

/** One network, how it is trained, and the sparsities of each way to prune it. */
interface Subject {
  readonly dataset: string;
  readonly network: string;
  readonly pretrain: TrainOptionsInput | null;
  readonly retrain: TrainOptionsInput | null;
  /** Shares of single weights that go by magnitude after training, over all layers at once. */
  readonly magnitude: readonly number[];
  /** Shares of single weights that go by synaptic flow before training. */
  readonly synflow: readonly number[];
  /** Shares of each layer's filters (neurons) that go. */
  readonly filters: readonly number[];
}

const sgd = { kind: 'sgd', momentum: 0.9, nesterov: true } as const;
const cosine = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 128,
  learningRate,
  optimizer: sgd,
  schedule: { kind: 'cosine' },
  weightDecay: 5e-4,
});

/** As global-vs-layerwise retrains LeNet-300-100. */
const few = { sparse: 'auto' } as const;

const singleWeights = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99];
const units = [0.3, 0.5, 0.7, 0.8, 0.9];

/** As in global-vs-layerwise, whose trained and pruned networks these are. */
const lenets = (budgets: Readonly<Record<string, readonly [TrainOptionsInput, TrainOptionsInput]>>): Subject[] =>
  Object.entries(budgets).map(([network, [pretrain, retrain]]) => ({
    dataset: 'mnist',
    network,
    pretrain,
    retrain,
    magnitude: singleWeights,
    synflow: [],
    filters: units,
  }));

/** Trained as in snip-vs-synflow-cifar10, but for twice as long at the `cpu` scale and with dense kernels. */
const vgg = (network: string, pretrain: TrainOptionsInput, retrain: TrainOptionsInput, synflow: number[]): Subject => ({
  dataset: 'cifar10',
  network,
  pretrain,
  retrain,
  magnitude: [0.5, 0.8, 0.9, 0.95],
  synflow,
  filters: [0.3, 0.5, 0.7],
});

/** Never trained: what a product costs does not depend on the values of its weights. */
const resnet = (sparsities: readonly number[], filters: readonly number[]): Subject => ({
  dataset: 'cifar10',
  network: 'resnet-20',
  pretrain: null,
  retrain: null,
  magnitude: [],
  synflow: sparsities,
  filters,
});

const oneCycle: TrainOptionsInput = {
  epochs: 6,
  batchSize: 128,
  learningRate: 0.1,
  optimizer: sgd,
  schedule: { kind: 'one-cycle' },
  weightDecay: 5e-4,
  augmentation: 'crop-flip',
};

/** Tanaka et al. 2020, appendix: SGD 0.9, rate 0.1 divided by 10 at epochs 60 and 120 of 160, batch 128, weight decay 1e-4. */
const synflowTraining: TrainOptionsInput = {
  epochs: 160,
  batchSize: 128,
  learningRate: 0.1,
  schedule: { kind: 'step', boundaries: [60 / 160, 120 / 160] },
  weightDecay: 1e-4,
  augmentation: 'crop-flip',
};

const powers = (...exponents: number[]) => exponents.map((exponent) => 1 - 10 ** -exponent);

const scales: Readonly<Record<ScaleName, readonly Subject[]>> = {
  smoke: [
    {
      ...lenets({ 'lenet-300-100': [cosine(0.1, 0.05), { ...cosine(0.05, 0.02), ...few }] })[0],
      magnitude: [0.9],
      filters: [0.5],
    },
    resnet([0.9], [0.5]),
  ],
  cpu: [
    ...lenets({
      'lenet-300-100': [cosine(8, 0.1), { ...cosine(3, 0.05), ...few }],
      'lenet-5-caffe': [{ ...cosine(3, 0.02), warmup: 0.1 }, cosine(0.5, 0.01)],
    }),
    vgg('vgg-11-w0.25', oneCycle, { ...cosine(1, 0.02), augmentation: 'crop-flip' }, powers(1, 2)),
    resnet([0.5, 0.8, 0.9, 0.95, 0.98], [0.25, 0.5, 0.75]),
  ],
  paper: [
    ...lenets({
      'lenet-300-100': [cosine(100, 0.1), { ...cosine(100, 0.01), ...few }],
      'lenet-5-caffe': [{ ...cosine(100, 0.02), warmup: 0.1 }, cosine(100, 0.01)],
    }),
    vgg(
      'vgg-16',
      synflowTraining,
      { ...synflowTraining, epochs: 40, learningRate: 0.01 },
      powers(0.5, 1, 1.5, 2, 2.5, 3),
    ),
    resnet(singleWeights, [0.25, 0.5, 0.75]),
  ],
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  return scales[scale].flatMap(({ dataset, network, pretrain, retrain, magnitude, synflow, filters }) => {
    const subject = { dataset, network, pretrain, retrain };
    return [
      {
        ...subject,
        sparsity: 0,
        retrain: null,
        method: 'magnitude',
        options: { scope: 'global' },
        series: 'nothing pruned',
        control: true,
      },
      ...magnitude.map((sparsity) => ({
        ...subject,
        sparsity,
        method: 'magnitude',
        options: { scope: 'global' },
        series: 'single weights, magnitude',
      })),
      ...synflow.map((sparsity) => ({
        ...subject,
        sparsity,
        // Pruned before the only training.
        retrain: null,
        method: 'synflow',
        options: { schedule: { kind: 'exponential', rounds: 100 }, scope: 'global', allowLayerCollapse: true },
        series: 'single weights, SynFlow',
      })),
      ...filters.map((sparsity) => ({
        ...subject,
        sparsity,
        method: 'filter-norm',
        options: { scope: 'layerwise' },
        series: 'filters, L1 norm',
      })),
      ...(retrain === null ? [] : [denseWithSameBudget(subject)]),
    ];
  });
}

export default defineBenchmark({
  id: 'theory-vs-reality',
  title: 'Theoretical against measured speed-up',
  question:
    'How much of the speed-up that the multiply-adds promise is there when the pruned network runs, for single weights and for filters?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  measure: 'speed',
  trials,
  // A share of filters is another sparsity than the same share of weights, so that tests at equal sparsity would compare unlike things.
  comparisons: [],
  published: [],
});
