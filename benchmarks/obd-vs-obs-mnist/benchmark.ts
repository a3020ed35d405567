import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

const training = (epochs: number, learningRate: number): TrainOptionsInput => ({
  epochs,
  batchSize: 64,
  learningRate,
  schedule: { kind: 'cosine' },
  weightDecay: 1e-4,
});

const layerwise = { scope: 'layerwise' } as const;

/**
 * T30: the MLP of WoodFisher's own test, pruned in one shot over all layers jointly and not retrained. The losses of L-OBS and OBC
 * are errors of a layer's own output, so ranking them over all layers is not their papers'; layer-wise they lose most of the
 * output layer's 200 weights. They run both ways, and so does magnitude.
 */
const oneShot = [
  { method: 'magnitude', series: 'magnitude' },
  { method: 'fisher-diagonal', series: 'diagonal Fisher' },
  { method: 'obd', series: 'OBD' },
  { method: 'k-fac', series: 'K-FAC' },
  { method: 'woodfisher', series: 'WoodFisher (block-wise)' },
  { method: 'l-obs', series: 'L-OBS' },
  { method: 'obc', series: 'OBC' },
  { method: 'magnitude', options: layerwise, series: 'magnitude, layer-wise' },
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
  const small = { dataset: 'mnist', network: 'mlp-784-40-20-10', pretrain: training(epochs, 0.05), retrain: null };
  const large = {
    dataset: 'mnist',
    network: 'lenet-300-100',
    pretrain: training(epochs, 0.05),
    retrain: training(retrain, 0.01),
  };
  return [
    ...mlp.flatMap((sparsity) => oneShot.map((line) => ({ ...small, ...line, sparsity }))),
    ...lenet.flatMap((sparsity) => retrained.map((line) => ({ ...large, ...line, sparsity }))),
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
    ['OBD', 'magnitude'],
    ['OBC', 'magnitude'],
    ['K-FAC', 'diagonal Fisher'],
    ['WoodFisher (block-wise)', 'diagonal Fisher'],
  ],
  published: [
    { network: 'mlp-784-40-20-10', series: 'dense', where: { ...woodfisherTest, method: 'dense' } },
    {
      network: 'mlp-784-40-20-10',
      series: 'diagonal Fisher',
      where: { ...woodfisherTest, method: 'diagonal Fisher (OBD-like)' },
    },
    { network: 'mlp-784-40-20-10', series: 'K-FAC', where: { ...woodfisherTest, method: 'K-FAC (OBS update)' } },
    {
      network: 'mlp-784-40-20-10',
      series: 'WoodFisher (block-wise)',
      where: { ...woodfisherTest, method: 'WoodFisher block (OBS update)' },
    },
    { network: 'lenet-300-100', series: 'OBD', where: { ...lobs, method: 'OBD' } },
    { network: 'lenet-300-100', series: 'L-OBS', where: { ...lobs, method: 'L-OBS' } },
    { network: 'lenet-300-100', series: 'L-OBS', where: { ...lobs, method: 'L-OBS (iterative)' } },
  ],
});
