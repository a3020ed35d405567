import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

/** As the authors' program trains LeNet-300-100: Adam at 1e-3, constant for half of 200 epochs and then falling to 0. */
const training = (epochs: number, constant: number): TrainOptionsInput => ({
  epochs,
  batchSize: 100,
  learningRate: 1e-3,
  optimizer: { kind: 'adam' },
  schedule: { kind: 'linear', from: constant },
});

const budgets: Readonly<Record<ScaleName, Readonly<Record<string, TrainOptionsInput>>>> = {
  smoke: { 'lenet-300-100': training(0.05, 0.5) },
  cpu: { 'lenet-300-100': training(50, 0.5) },
  paper: { 'lenet-300-100': training(200, 0.5), 'lenet-5-relu': training(200, 0) },
};

/** Strengths of the divergence: 1, the variational bound, at every scale; elsewhere also what a larger or smaller share of it makes. */
const strengths: Readonly<Record<string, number>> = {
  'sparse VD, half the divergence': 0.5,
  'sparse VD': 1,
  'sparse VD, twice the divergence': 2,
};

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  return Object.entries(budgets[scale]).flatMap(([network, pretrain]) => {
    const cell = { dataset: 'mnist-unit', network, pretrain, retrain: null };
    const shown = Object.entries(strengths).filter(([, lambda]) => scale !== 'cpu' || lambda === 1);
    return shown.map(([series, lambda]) => ({
      ...cell,
      method: 'sparse-variational-dropout',
      at: { lambda },
      series,
    }));
  });
}

const references = [
  { network: 'lenet-300-100', in: 'LeNet-300-100' },
  { network: 'lenet-5-relu', in: 'LeNet-5-Caffe' },
].flatMap((one) =>
  ['test error %', 'compression |W|/|W!=0|'].map((metric) => ({
    network: one.network,
    dataset: 'mnist-unit',
    series: 'sparse VD',
    where: { table_id: 'T03', metric, method: 'Sparse VD', network: one.in },
  })),
);

export default defineBenchmark({
  id: 'sparse-vd-lenets',
  title: 'Sparse variational dropout, Table 1: the LeNets',
  question: 'How few weights are left where noise that is learned for each weight decides?',
  measure: 'size',
  seeds: { smoke: 1, cpu: 3, paper: 5 },
  trials,
  comparisons: [],
  published: references,
});
