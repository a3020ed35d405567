import { registerNativeBackend } from '@prunebench/backend-native';
import { type Masks, type Network, prunableSpecs, sizeOf } from '@prunebench/core';
import type { Extension } from '@prunebench/network';
import { mlp, residualNet } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { chooseSparse, SPARSE_DENSITY } from '../src/sparse/choose.ts';
import { patternOf } from '../src/sparse/pattern.ts';

test.before(async () => {
  await registerNativeBackend({ threads: 2 });
  await tf.setBackend('native');
});

function masksOf(network: Network, density: (name: string) => number): Masks {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => {
      const mask = new Uint8Array(sizeOf(shape));
      return [name, mask.fill(1, 0, Math.floor(density(name) * mask.length))];
    }),
  );
}

const auto = { sparse: 'auto' } as const;

test('a dense layer is sparse by its own density', (t) => {
  const network = mlp([40, 50, 20]);
  const masks = masksOf(network, (name) => SPARSE_DENSITY.dense + (name === 'fc1/kernel' ? 0 : 0.1));
  t.deepEqual(chooseSparse(network, { masks }, auto, []), ['fc1/kernel']);
});

test('convolutions are sparse together, by their multiply-adds', (t) => {
  const network = residualNet();
  const few = masksOf(network, (name) => (name === 'stem/kernel' ? 0.4 : 0.1));
  const convolutions = ['stem/kernel', 'conv1/kernel', 'conv2/kernel'];
  t.deepEqual(chooseSparse(network, { masks: few }, auto, []), [...convolutions, 'fc/kernel']);
  const many = masksOf(network, (name) => (name === 'stem/kernel' ? 0.1 : 0.4));
  t.deepEqual(chooseSparse(network, { masks: many }, auto, []), []);
});

test('wide convolutions must keep fewer weights', (t) => {
  const network = residualNet();
  const layers = network.layers.map((layer) => (layer.name === 'conv1' ? { ...layer, filters: 80 } : layer));
  const wide = { ...network, layers };
  const chosen = (density: number) => chooseSparse(wide, { masks: masksOf(wide, () => density) }, auto, []);
  t.deepEqual(chosen(SPARSE_DENSITY.wideConv2d + 0.02), ['fc/kernel']);
  t.deepEqual(chosen(SPARSE_DENSITY.wideConv2d).length, 4);
});

test('nothing is sparse unasked, without a mask, without a weight, or where an extension takes part in steps', (t) => {
  const network = mlp([40, 50, 20]);
  const masks = masksOf(network, () => 0.1);
  t.deepEqual(chooseSparse(network, { masks }, { sparse: 'never' }, []), []);
  t.deepEqual(chooseSparse(network, { masks: {} }, auto, []), []);
  t.deepEqual(chooseSparse(network, { masks: masksOf(network, () => 0) }, auto, []), []);
  const hooks: Extension[] = [
    { weight: (_, value) => value },
    { layer: (_, __, next) => next() },
    { output: (_, y) => y },
    { penalty: () => tf.scalar(0) },
    { loss: () => tf.scalar(0) },
    { variables: {} },
    { gradients: (gradients) => gradients },
    { afterUpdate: (parameters) => parameters },
    { accumulate: () => ({}) },
    { denseSlots: true },
  ];
  const chosen = (extension: Extension) => chooseSparse(network, { masks }, auto, [{ id: 'e', extension }]);
  for (const hook of hooks) t.deepEqual(chosen(hook), [], Object.keys(hook)[0]);
  t.is(chosen({ events: { every: 'epoch' }, event: () => {}, frozen: () => false, scalars: () => ({}) }).length, 2);
});

test('the pattern of a convolution: outputs in rows, and the kernel turned round for the input gradient', (t) => {
  // [1, 2, 2, 3]: one row, two columns, two inputs, three outputs.
  const mask = Uint8Array.from([1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0]);
  const { positions, starts, columns, transposed } = patternOf([1, 2, 2, 3], mask);
  const tap = (channel: number, x: number) => (channel << 16) | x;
  t.deepEqual([...positions], [0, 9, 8, 5]);
  t.deepEqual([...starts], [0, 2, 2, 4]);
  t.deepEqual([...columns], [tap(0, 0), tap(1, 1), tap(0, 1), tap(1, 0)]);
  t.deepEqual([...transposed.starts], [0, 2, 4]);
  t.deepEqual([...transposed.columns], [tap(0, 1), tap(2, 0), tap(0, 0), tap(2, 1)]);
  t.deepEqual([...transposed.places], [0, 2, 1, 3]);
});

test('the pattern of a dense kernel: its columns are inputs', (t) => {
  const { positions, starts, columns, transposed } = patternOf([3, 2], Uint8Array.from([1, 1, 0, 1, 1, 0]));
  t.deepEqual([...positions], [0, 4, 1, 3]);
  t.deepEqual([...starts], [0, 2, 4]);
  t.deepEqual([...columns], [0, 2, 0, 1]);
  t.deepEqual([...transposed.places], [0, 2, 3, 1]);
});
