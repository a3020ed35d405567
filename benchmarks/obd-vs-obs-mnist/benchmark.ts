import {
  defineBenchmark,
  denseWithSameBudget,
  type ScaleName,
  type TrainOptionsInput,
  type TrialDeclaration,
} from '@prunebench/core';

const training = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 64,
  learningRate,
  schedule: { kind: 'cosine' },
  weightDecay: 1e-4,
});

/** The training of the authors' repository: its checkpoint has 93.97 % test accuracy after as many epochs. */
const woodFisherTraining = (epochs: number): TrainOptionsInput => ({
  epochs,
  batchSize: 64,
  learningRate: 0.001,
  optimizer: { kind: 'sgd', momentum: 0.5, nesterov: false },
});

const layerwise = { scope: 'layerwise' } as const;

/** The gradients and blocks of WoodFisher's own test: 100 examples, a block for each layer (the largest has 31,360 weights). */
const hundredSamples = { criterion: { samples: 100 } } as const;
const layerBlocks = { criterion: { samples: 100, blockSize: 31_360 } } as const;

/**
 * T30: the MLP of WoodFisher's own test, pruned in one shot and not retrained. Its K-FAC and WoodFisher rank over all layers jointly,
 * its diagonal Fisher inside each layer, so both run both ways, magnitude too. The losses of L-OBS and OBC are errors of a layer's own
 * output, so ranking them over all layers is not their papers'; layer-wise they lose most of the output layer's 200 weights.
 */
const oneShot = [
  { method: 'magnitude', series: 'magnitude' },
  { method: 'fisher-diagonal', options: hundredSamples, series: 'diagonal Fisher' },
  { method: 'obd', series: 'OBD' },
  { method: 'k-fac', options: hundredSamples, series: 'K-FAC' },
  { method: 'woodfisher', options: layerBlocks, series: 'WoodFisher (a block per layer)' },
  { method: 'woodfisher', series: 'WoodFisher (blocks of 100)' },
  { method: 'l-obs', series: 'L-OBS' },
  { method: 'obc', series: 'OBC' },
  { method: 'magnitude', options: layerwise, series: 'magnitude, layer-wise' },
  {
    method: 'fisher-diagonal',
    options: { ...layerwise, ...hundredSamples },
    series: 'diagonal Fisher, layer-wise',
  },
  {
    method: 'woodfisher',
    options: { ...layerwise, ...layerBlocks },
    series: 'WoodFisher (a block per layer), layer-wise',
  },
  { method: 'l-obs', options: layerwise, series: 'L-OBS, layer-wise' },
  { method: 'obc', options: layerwise, series: 'OBC, layer-wise' },
  { method: 'random', series: 'random', control: true },
  { method: 'magnitude', options: { control: 'shuffle-masks' }, series: 'shuffled mask', control: true },
] as const;

/** T08: layer-wise OBS and its rivals on LeNet-300-100, error before and after retraining. */
const retrained = [
  { method: 'magnitude', options: layerwise, series: 'magnitude' },
  { method: 'obd', options: layerwise, series: 'OBD' },
  { method: 'l-obs', options: layerwise, series: 'L-OBS' },
  { method: 'obc', options: layerwise, series: 'OBC' },
  { method: 'random', options: layerwise, series: 'random', control: true },
  { method: 'magnitude', options: { ...layerwise, control: 'shuffle-masks' }, series: 'shuffled mask', control: true },
  {
    method: 'magnitude',
    options: { ...layerwise, control: 'reinitialize' },
    series: 're-initialised ticket',
    control: true,
  },
] as const;

/**
 * Shares that spare the output layer, with which L-OBS's own program keeps its network: 7, 20 and 70 % of the three layers' 235,200, 30,000
 * and 1,000 weights. The uniform share beside them keeps as much of the whole.
 */
const listedShares = { 'fc1/kernel': 0.07, 'fc2/kernel': 0.2, 'fc3/kernel': 0.7 } as const;
const listedSparsity = 1 - (0.07 * 235_200 + 0.2 * 30_000 + 0.7 * 1000) / 266_200;
const listed = { ...layerwise, allocation: listedShares } as const;

/** What the shares alone do, at one sparsity. */
const shared = [
  { method: 'l-obs', options: layerwise, series: 'L-OBS' },
  { method: 'l-obs', options: listed, series: 'L-OBS, shares 7/20/70' },
  {
    method: 'l-obs',
    options: { ...listed, criterion: { sequential: 'downdate' } },
    series: 'L-OBS, shares 7/20/70, exact',
  },
  { method: 'magnitude', options: layerwise, series: 'magnitude' },
  { method: 'magnitude', options: listed, series: 'magnitude, shares 7/20/70' },
] as const;

const scales: Readonly<
  Record<ScaleName, { mlp: readonly number[]; lenet: readonly number[]; epochs: number; retrain: number }>
> = {
  smoke: { mlp: [0.9], lenet: [], epochs: 0.2, retrain: 0.1 },
  cpu: { mlp: [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98], lenet: [0.92, 0.985], epochs: 25, retrain: 2 },
  paper: {
    mlp: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98],
    lenet: [0.92, 0.93, 0.985],
    epochs: 25,
    retrain: 20,
  },
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const { mlp, lenet, epochs, retrain } = scales[scale];
  const small = { dataset: 'mnist', network: 'mlp-784-40-20-10', pretrain: woodFisherTraining(epochs), retrain: null };
  const large = {
    dataset: 'mnist',
    network: 'lenet-300-100',
    pretrain: training(epochs, 0.05),
    retrain: training(retrain, 0.01),
  };
  return [
    ...mlp.flatMap((sparsity) => oneShot.map((line) => ({ ...small, ...line, sparsity }))),
    ...lenet.flatMap((sparsity) => retrained.map((line) => ({ ...large, ...line, sparsity }))),
    ...(lenet.length > 0 ? shared.map((line) => ({ ...large, ...line, sparsity: listedSparsity })) : []),
    ...(lenet.length > 0 ? [denseWithSameBudget(large)] : []),
  ];
}

const woodfisherTest = { table_id: 'T30', metric: 'test accuracy %' };
const lobs = { table_id: 'T08', network: 'LeNet-300-100', metric: 'test error % after retraining' };

export default defineBenchmark({
  id: 'obd-vs-obs-mnist',
  title: 'OBD against OBS on MNIST',
  question: 'Is the whole inverse Hessian worth its price over its diagonal, before and after retraining?',
  seeds: { smoke: 1, cpu: 5, paper: 5 },
  trials,
  comparisons: [
    ['L-OBS', 'OBD'],
    ['OBC', 'OBD'],
    ['OBC', 'L-OBS'],
    ['L-OBS, shares 7/20/70', 'L-OBS'],
    ['OBD', 'magnitude'],
    ['OBC', 'magnitude'],
    ['K-FAC', 'diagonal Fisher'],
    ['WoodFisher (a block per layer)', 'diagonal Fisher'],
    ['WoodFisher (a block per layer), layer-wise', 'diagonal Fisher, layer-wise'],
  ],
  published: [
    { network: 'mlp-784-40-20-10', series: 'dense', where: { ...woodfisherTest, method: 'dense' } },
    {
      network: 'mlp-784-40-20-10',
      series: 'diagonal Fisher, layer-wise',
      where: { ...woodfisherTest, method: 'diagonal Fisher (OBD-like)' },
    },
    { network: 'mlp-784-40-20-10', series: 'K-FAC', where: { ...woodfisherTest, method: 'K-FAC (OBS update)' } },
    {
      network: 'mlp-784-40-20-10',
      series: 'WoodFisher (a block per layer)',
      where: { ...woodfisherTest, method: 'WoodFisher block (OBS update)' },
    },
    { network: 'lenet-300-100', series: 'OBD', where: { ...lobs, method: 'OBD' } },
    { network: 'lenet-300-100', series: 'L-OBS', where: { ...lobs, method: 'L-OBS' } },
    { network: 'lenet-300-100', series: 'L-OBS', where: { ...lobs, method: 'L-OBS (iterative)' } },
  ],
});
