// Compiled networks, in every format and layout, against the masked network on the stock cpu backend.
import { registerNativeBackend, setThreads, vectorLanes } from '@prunebench/backend-native';
import {
  applyMasks,
  type Conv2d,
  defineNetwork,
  INPUT,
  type Layer,
  type Masks,
  type Network,
  type ParameterRecord,
} from '@prunebench/core';
import { conv2d } from '@prunebench/core/layers';
import { buildModel } from '@prunebench/models';
import { shrink } from '@prunebench/surgery';
import { convNet, mlp, outputs, randomBatch, randomParameters, relativeError, residualNet } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { lower } from '../src/graph/lower.ts';
import type { Program } from '../src/graph/operations.ts';
import { encode, type ProductKernel } from '../src/plan/encode.ts';
import { type CellLayout, imageLayout, tileLayout } from '../src/plan/layout.ts';
import { randomMasks } from './support.ts';

test.before(() => registerNativeBackend({ threads: 2 }));
test.beforeEach(async () => {
  await tf.setBackend('cpu');
});

const csr = (rows: number, columns: number, passes: number): ProductKernel => ({
  format: 'csr',
  winograd: false,
  rows,
  columns,
  passes,
});
const kernels: Readonly<Record<string, ProductKernel>> = {
  'rows 1 x 8': csr(1, 8, 1),
  'rows 2 x 4 in 2 passes': csr(2, 4, 2),
  'rows 4 x 4': csr(4, 4, 1),
  'rows 1 x 16': csr(1, 16, 1),
  blocks: { format: 'bsr', winograd: false, rows: 2, columns: 2, passes: 1 },
  'blocks in 2 passes': { format: 'bsr', winograd: false, rows: 1, columns: 4, passes: 2 },
  dense: { format: 'dense', winograd: false, rows: 1, columns: 4, passes: 1 },
  winograd: { format: 'dense', winograd: true, rows: 1, columns: 1, passes: 1 },
};

const conv = (name: string, input: string, filters: number, over: Partial<Conv2d> = {}): Layer => ({
  ...conv2d(name, filters, 3)(input),
  ...over,
});

/** Strides, dilation, groups, uneven images and windows, every kind of layer that no model here has. */
const awkward = defineNetwork({
  name: 'awkward',
  inputShape: [11, 9, 3],
  layers: [
    conv('strided', INPUT, 6, { strides: [2, 3], kernelSize: [5, 2] }),
    { kind: 'batchNorm', name: 'bn', inputs: ['strided'], epsilon: 1e-3, momentum: 0.9 },
    { kind: 'activation', name: 'tanh', inputs: ['bn'], activation: 'tanh' },
    { kind: 'batchNorm', name: 'alone', inputs: ['tanh'], epsilon: 1e-3, momentum: 0.9 },
    conv('grouped', 'alone', 8, { groups: 2 }),
    { kind: 'activation', name: 'sigmoid', inputs: ['grouped'], activation: 'sigmoid' },
    conv('dilated', 'sigmoid', 8, { dilation: [2, 1], useBias: false }),
    { kind: 'avgPool', name: 'average', inputs: ['dilated'], size: [3, 2], strides: [1, 1], padding: 'same' },
    { kind: 'add', name: 'sum', inputs: ['average', 'sigmoid'] },
    { kind: 'maxPool', name: 'max', inputs: ['sum'], size: [3, 3], strides: [2, 2], padding: 'same' },
    { kind: 'subsamplePad', name: 'shortcut', inputs: ['sum'], stride: 2, channels: 11 },
    conv('widening', 'max', 11, { padding: 'same' }),
    { kind: 'add', name: 'join', inputs: ['shortcut', 'widening'] },
    { kind: 'dropout', name: 'dropout', inputs: ['join'], rate: 0.5 },
    { kind: 'flatten', name: 'flatten', inputs: ['dropout'] },
    { kind: 'dense', name: 'fc', inputs: ['flatten'], units: 4, useBias: true },
  ],
});

/**
 * Images that are only read flattened, features that are flattened again and added to; so many that the offsets of one pass do not
 * reach over the widest tiles.
 */
const flattened = defineNetwork({
  name: 'flattened',
  inputShape: [26, 25, 2],
  layers: [
    { kind: 'flatten', name: 'flat', inputs: [INPUT] },
    { kind: 'dense', name: 'fc1', inputs: ['flat'], units: 9, useBias: true },
    { kind: 'activation', name: 'relu', inputs: ['fc1'], activation: 'relu' },
    { kind: 'flatten', name: 'again', inputs: ['relu'] },
    { kind: 'dense', name: 'fc2', inputs: ['again'], units: 9, useBias: false },
    { kind: 'add', name: 'sum', inputs: ['fc2', 'relu'] },
    { kind: 'dense', name: 'fc3', inputs: ['sum'], units: 4, useBias: true },
  ],
});

const networks: readonly Network[] = [
  mlp([20, 33, 7]),
  flattened,
  convNet(),
  residualNet(),
  awkward,
  buildModel('resnet-20-w0.25', { inputShape: [16, 16, 3], classes: 10 }),
];

/** The wanted kernel where it can be, rows of single weights elsewhere. */
function kernelsFor(program: Program, wanted: ProductKernel): Map<string, ProductKernel> {
  const found = new Map<string, ProductKernel>();
  for (const operation of program.operations) {
    if (operation.kind !== 'product') continue;
    const { size, strides, dilation } = operation.window;
    const plain = operation.groups === 1;
    const winograd = plain && String([size, strides, dilation]) === '3,3,1,1,1,1';
    const fits = wanted.format === 'csr' || (plain && (!wanted.winograd || winograd));
    const passes = Math.min(wanted.passes, program.tensors[operation.input].channels / operation.groups);
    found.set(operation.name, fits ? { ...wanted, passes } : csr(1, 8, 1));
  }
  return found;
}

function runProgram(program: Program, wanted: ProductKernel, layout: CellLayout, batch: Float32Array, images: number) {
  const { channels, height, width } = program.tensors[program.output];
  const result = new Float32Array(images * channels * height * width).fill(Number.NaN);
  encode(program, kernelsFor(program, wanted), { layout, lanes: vectorLanes() }).run(batch, images, result);
  return result;
}

function layoutsOf(program: Program): readonly CellLayout[] {
  const strided = program.operations.some(
    (operation) => operation.kind === 'product' && Math.max(...operation.window.strides) > 1,
  );
  return (strided ? [1] : [1, 2, 4, 8]).map((vectors) => tileLayout(vectors, vectorLanes()));
}

/** As `compile` does: lowered without what does nothing. */
function shrunken(network: Network, parameters: ParameterRecord, masks: Masks): Program {
  const { network: smaller, state } = shrink(network, { parameters, masks });
  return lower(smaller, state.parameters, state.masks);
}

const IMAGES = 19;
const BOUND = 5e-6;

for (const network of networks)
  for (const density of [1, 0.3, 0.03])
    test(`${network.name} at density ${density} gives the masked network's outputs in every format and layout`, (t) => {
      const parameters = randomParameters(network);
      const masks = randomMasks(network, density);
      const batch = randomBatch(network, IMAGES);
      const expected = outputs(network, applyMasks(parameters, masks), batch);
      const lowered = lower(network, parameters, masks);
      for (const program of [lowered, shrunken(network, parameters, masks)]) {
        for (const layout of layoutsOf(program))
          for (const [name, kernel] of Object.entries(kernels)) {
            const error = relativeError(runProgram(program, kernel, layout, batch.x, IMAGES), expected);
            t.true(error < BOUND, `${name}, ${layout.vectors} vectors: ${error}`);
          }
        const single = relativeError(runProgram(program, csr(1, 8, 1), imageLayout, batch.x, IMAGES), expected);
        t.true(single < BOUND, `single images: ${single}`);
      }
    });

for (const network of [convNet(), mlp([50, 33, 7])])
  test(`${network.name}: the thread count and the size of the tiles change no bit`, (t) => {
    const program = lower(network, randomParameters(network), randomMasks(network, 0.3));
    const { x } = randomBatch(network, 70);
    const results = [1, 2, 3].flatMap((threads) => {
      setThreads(threads);
      return [1, 2, 4].map((vectors) => runProgram(program, csr(2, 4, 1), tileLayout(vectors, vectorLanes()), x, 70));
    });
    setThreads(2);
    for (const result of results) t.deepEqual(result, results[0]);
  });

test('batches of any size, on tiles that they do not fill', (t) => {
  const network = mlp([50, 33, 7]);
  const program = lower(network, randomParameters(network), randomMasks(network, 0.3));
  const { x } = randomBatch(network, 129);
  const all = runProgram(program, csr(1, 8, 3), tileLayout(1, vectorLanes()), x, 129);
  for (const images of [1, 7, 127, 129])
    for (const vectors of [1, 2, 4, 8]) {
      const layout = tileLayout(vectors, vectorLanes());
      t.deepEqual(runProgram(program, csr(1, 8, 3), layout, x.slice(0, images * 50), images), all.slice(0, images * 7));
    }
});

test("programs that take turns on one thread do not see each other's memory", (t) => {
  const networks = [convNet(), residualNet()];
  const runs = networks.map((network) => {
    const program = lower(network, randomParameters(network), {});
    const compiled = encode(program, kernelsFor(program, csr(1, 8, 1)), {
      layout: tileLayout(1, vectorLanes()),
      lanes: vectorLanes(),
    });
    const { x } = randomBatch(network, 5);
    return () => {
      const result = new Float32Array(5 * 3);
      compiled.run(x, 5, result);
      return result;
    };
  });
  const first = runs.map((run) => run());
  for (let turn = 0; turn < 3; turn++)
    t.deepEqual(
      runs.map((run) => run()),
      first,
    );
});

test('flattening that moves nothing is no operation', (t) => {
  const { operations, tensors, input } = lower(flattened, randomParameters(flattened), {});
  t.deepEqual(
    operations.map(({ kind }) => kind),
    ['product', 'product', 'product'],
  );
  t.deepEqual(tensors[input], { channels: 1300, height: 1, width: 1 });
});

test('filters that are dead, or that nothing reads, are removed with what reads them', (t) => {
  const network = convNet();
  const parameters = randomParameters(network);
  const keepAll: Record<string, Uint8Array> = Object.fromEntries(
    Object.entries(parameters).map(([name, { values }]) => [name, new Uint8Array(values.length).fill(1)]),
  );
  const masks: Masks = {
    ...keepAll,
    // conv1 has 4 filters: filter 1 is removed as unit pruning does it, with the scale and shift of its batch norm.
    'conv1/kernel': keepAll['conv1/kernel'].map((_, i) => (i % 4 === 1 ? 0 : 1)),
    'bn1/gamma': Uint8Array.of(1, 0, 1, 1),
    'bn1/beta': Uint8Array.of(1, 0, 1, 1),
    'conv1/bias': Uint8Array.of(1, 0, 1, 1),
    // fc1 reads the 5 channels of 2 x 2 pixels from conv2: nothing of channel 3 is read any more.
    'fc1/kernel': keepAll['fc1/kernel'].map((_, i) => (Math.floor(i / 6) % 5 === 3 ? 0 : 1)),
  };
  const lowered = lower(network, parameters, masks);
  const program = shrunken(network, parameters, masks);
  const sizes = (of: Program) =>
    of.operations.flatMap((operation) =>
      operation.kind === 'product' ? [[operation.weights.rows, operation.weights.columns]] : [],
    );
  t.deepEqual(sizes(lowered), [
    [4, 18],
    [5, 36],
    [6, 20],
    [3, 6],
  ]);
  t.deepEqual(sizes(program), [
    [3, 18],
    [4, 27],
    [6, 16],
    [3, 6],
  ]);
  const batch = randomBatch(network, 4);
  const expected = outputs(network, applyMasks(parameters, masks), batch);
  t.true(relativeError(runProgram(program, kernels.dense, tileLayout(1, vectorLanes()), batch.x, 4), expected) < BOUND);
});
