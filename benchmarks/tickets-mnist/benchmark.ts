import { defineBenchmark, type ScaleName, type TrainOptionsInput, type TrialDeclaration } from '@prunebench/core';

/** Frankle & Carbin 2019: Adam at 1.2e-3, batch 60, Glorot initialization, looking at the validation split every 100 updates. */
const training = (epochs: number, every: number): TrainOptionsInput => ({
  epochs,
  batchSize: 60,
  learningRate: 1.2e-3,
  optimizer: { kind: 'adam' },
  evaluate: { every },
  sparse: 'auto',
});

const budgets: Readonly<Record<ScaleName, TrainOptionsInput>> = {
  smoke: training(0.05, 20),
  cpu: training(4, 200),
  paper: training(60, 100),
};
const rounds: Readonly<Record<ScaleName, readonly number[]>> = {
  smoke: [2],
  cpu: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  paper: Array.from({ length: 22 }, (_, i) => i + 1),
};

/** After so many rounds of 20 % in every layer and 10 % in the output layer. */
function sparsityAfter(round: number): number {
  const [hidden, output] = [784 * 300 + 300 * 100, 100 * 10];
  const left = (hidden * 0.8 ** round + output * 0.9 ** round) / (hidden + output);
  return Number((1 - left).toPrecision(6));
}

function trials(scale: ScaleName): readonly TrialDeclaration[] {
  const cell = { dataset: 'mnist', network: 'lenet-300-100', pretrain: budgets[scale], retrain: null };
  const method = 'lottery-ticket';
  return rounds[scale].flatMap((round) => {
    const at = { ...cell, method, sparsity: sparsityAfter(round) };
    const tickets = [
      { ...at, series: 'ticket, first weights' },
      { ...at, options: { rewind: 0.05 }, series: 'ticket, weights after 5 %' },
    ];
    const controls = [
      { ...at, options: { control: 'reinitialize' }, series: 'ticket, re-initialised', control: true },
      { ...at, options: { control: 'one-shot' }, series: 'one-shot ticket', control: true },
    ];
    // Controls cost a training each that nothing else shares; every fourth round, and the smoke scale's, shows where they are.
    return round % 4 === 0 || scale === 'smoke' ? [...tickets, ...controls] : tickets;
  });
}

export default defineBenchmark({
  id: 'tickets-mnist',
  title: 'Lottery tickets on MNIST, with late rewinding',
  question:
    'Does a ticket learn better than its mask with other weights, and does it matter to which moment its weights go back?',
  seeds: { smoke: 1, cpu: 3, paper: 5 },
  trials,
  comparisons: [
    ['ticket, first weights', 'ticket, re-initialised'],
    ['ticket, first weights', 'one-shot ticket'],
    ['ticket, first weights', 'ticket, weights after 5 %'],
  ],
  published: [],
});
