import test from 'ava';
import { cellName, PrunebenchError, refuseCollisions, type TrialDeclaration } from '../src/index.ts';

const training = { epochs: 1, learningRate: 0.1 };
const trial: TrialDeclaration = {
  dataset: 'mnist',
  network: 'mlp',
  method: 'magnitude',
  options: { scope: 'global' },
  sparsity: 0.5,
  pretrain: training,
  retrain: null,
  series: 'global',
};

test('trials that differ in their label, sparsity, network or dataset share no cell', (t) => {
  const others = [{ series: 'other' }, { sparsity: 0.9 }, { network: 'cnn' }, { dataset: 'cifar10' }];
  t.notThrows(() => refuseCollisions([trial, ...others.map((other) => ({ ...trial, ...other }))]));
});

const collisions: Readonly<Record<string, [Partial<TrialDeclaration>, RegExp]>> = {
  'two learning rates': [{ pretrain: { ...training, learningRate: 0.2 } }, /which differ in pretrain:/],
  'two methods': [{ method: 'random' }, /which differ in method:/],
  'two granularities': [{ options: { scope: 'global', granularity: 'unit' } }, /which differ in options:/],
  'retraining or none': [{ retrain: training }, /which differ in retrain:/],
  'a sparsity that differs by rounding': [
    { sparsity: 0.1 + 0.4 + 1e-16 },
    /two trials at sparsity 0\.5 of mlp on mnist/,
  ],
  'the same twice': [{}, /the same one twice/],
  'a control and none': [{ sparsity: 0.9, control: true }, /is a control in some trials and none in others/],
};
for (const [what, [other, message]] of Object.entries(collisions))
  test(`one label for ${what} is refused`, (t) => {
    const error = t.throws(() => refuseCollisions([trial, { ...trial, ...other }]), { instanceOf: PrunebenchError });
    t.regex(error.message, message);
    t.regex(error.message, /"global"/);
  });

test('a series has a name, and not that of the network before pruning', (t) => {
  for (const series of ['', '  ', 'dense', undefined as unknown as string, 7 as unknown as string])
    t.throws(() => refuseCollisions([{ ...trial, series }]), {
      instanceOf: PrunebenchError,
      message: /cannot be called/,
    });
});

test('a cell is named by its sparsity without rounding errors', (t) => {
  t.is(cellName({ ...trial, sparsity: 0.1 + 0.2 }), cellName({ ...trial, sparsity: 0.3 }));
  t.not(cellName({ ...trial, sparsity: 1 - 1e-5 }), cellName({ ...trial, sparsity: 1 - 1e-6 }));
});
