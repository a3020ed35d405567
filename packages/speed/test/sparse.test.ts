import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { registerNativeBackend } from '@prunebench/backend-native';
import { costOf } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { measureGpuMode } from '../src/sparse-gpu-modes.ts';
import { crossingOf, layerNetworks } from '../src/sparse-layers.ts';
import { uniformMasks } from '../src/sparse-networks.ts';
import { sparsePlot } from '../src/sparse-plot.ts';
import { measureProduct } from '../src/sparse-products.ts';
import type { SparseRow } from '../src/sparse-rows.ts';
import { crossoverTable, gpuTable, rowTable } from '../src/sparse-tables.ts';
import { measureTraining, trainingWorkloads } from '../src/sparse-training.ts';
import { faster, ratioOf, takeTurns } from '../src/turns.ts';
import { firstRow } from './first-row.ts';

test('the crossover lies where the line through the logarithms passes 1', (t) => {
  // 1/4 at 0.5 and 4 at 0.9: halfway in the logarithm.
  t.true(
    Math.abs(
      crossingOf([
        [0, 0.2],
        [0.5, 0.25],
        [0.9, 4],
      ])! - 0.7,
    ) < 1e-12,
  );
  t.is(
    crossingOf([
      [0, 0.5],
      [0.9, 0.9],
    ]),
    null,
  );
  t.is(
    crossingOf([
      [0.3, 1.5],
      [0.9, 4],
    ]),
    0.3,
  );
  // The last crossing counts where noise makes several.
  t.true(
    crossingOf([
      [0, 1.1],
      [0.5, 0.5],
      [0.9, 2],
    ])! > 0.5,
  );
});

test('ratios compare slices of the same round', (t) => {
  t.deepEqual(ratioOf([4, 9, 8], [2, 3, 8]), { median: 2, min: 1, max: 3 });
  t.is(ratioOf(null, [1]), null);
  t.deepEqual(faster([3, 4, 5], [1, 3.5, 9]), [1, 3.5, 9]);
  t.deepEqual(faster(null, [2]), [2]);
});

test('contestants take turns, the first repetition of each does not count, one that cannot do the work is left out', async (t) => {
  const order: string[] = [];
  const contestant = (name: string) => async (repeats: number) => {
    order.push(name);
    return [9, ...Array<number>(repeats - 1).fill(0.02)];
  };
  const slices = await takeTurns({ a: contestant('a'), none: async () => undefined, b: contestant('b') }, 2);
  t.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b']);
  t.deepEqual(slices, { a: [0.02, 0.02], none: null, b: [0.02, 0.02] });
});

test('random masks keep the same share of every kernel', (t) => {
  const [network] = layerNetworks;
  const masks = uniformMasks(network, 0.9);
  t.true(Math.abs(costOf(network, masks).theoreticalSpeedup - 10) < 0.01);
});

test.serial('a product without a peer gives a row, and rows give a plot', async (t) => {
  await registerNativeBackend();
  await tf.setBackend('native');
  const row = await measureProduct({ rows: 8, columns: 12, n: 4 }, 0.5, { peer: undefined, threads: 1, rounds: 2 });
  t.is(row.torchMilliseconds, null);
  t.true(row.ourMilliseconds > 0 && row.overDense! > 0);
  // What two rounds measure may differ so much that a plot leaves it out.
  const svg = await sparsePlot([{ ...row, what: 'inference', overDense: 2, overDenseMin: 1.9, overDenseMax: 2.1 }]);
  t.regex(svg, /^<svg/);
  t.regex(svg, /inference of whole networks/);
});

test('every number of the tables stands under its heading', (t) => {
  const row: SparseRow = {
    what: 'layer',
    name: 'dense 8-4',
    batchSize: 16,
    threads: 2,
    sparsity: 0.75,
    format: 'csr',
    ourMilliseconds: 1.5,
    denseMilliseconds: 3,
    torchMilliseconds: 6,
    torchSparseMilliseconds: null,
    scipyMilliseconds: 12,
    theoretical: 4,
    overDense: 2,
    overDenseMin: 1,
    overDenseMax: 3,
    overTorch: 4,
    overTorchSparse: null,
    overScipy: 8,
  };
  t.like(firstRow(rowTable([row])), {
    what: 'layer',
    name: 'dense 8-4',
    format: 'csr',
    batch: '16',
    threads: '2',
    'sparsity, %': '75',
    'ours, ms': '1.500',
    theoretical: '4.0',
    'over our dense (range)': '2.00 (1.00-3.00)',
    'over PyTorch dense': '4.00',
    'over torch.sparse': '',
    'over SciPy': '8.00',
  });
  t.like(firstRow(crossoverTable([{ layer: 'dense 8-4', threads: 2, batchSize: 16, sparsity: 0.555 }])), {
    layer: 'dense 8-4',
    batch: '16',
    threads: '2',
    'compressed rows are faster from a sparsity of': '56 %',
  });
  const gpu = { mode: 'cpu', operation: 'product', layer: 'dense 8-4', batchSize: 16, sparsity: 0.9 } as const;
  const times = { gpuMilliseconds: 6, nativeMilliseconds: 0.25, overNative: 24, overNativeMin: 20, overNativeMax: 28 };
  t.like(firstRow(gpuTable([{ ...gpu, ...times }])), {
    'GPU.js mode': 'cpu',
    operation: 'product',
    'sparsity, %': '90',
    'GPU.js, ms': '6.00',
    'native, ms': '0.250',
    'GPU.js / native (range)': '24.0 (20.0-28.0)',
  });
});

test.serial('every sparse operation of a mode is measured against its native one', async (t) => {
  await registerNativeBackend();
  const rows = await measureGpuMode('cpu', 0.98, { threads: 1, rounds: 1 });
  t.deepEqual(
    rows.map(({ operation }) => operation),
    ['product', 'input gradient', 'weight gradient', 'convolution'],
  );
  t.true(rows.every(({ gpuMilliseconds, nativeMilliseconds }) => gpuMilliseconds > 0 && nativeMilliseconds > 0));
});

test.serial('a training step is measured with the kept weights alone', async (t) => {
  const [lenet] = trainingWorkloads;
  const row = await measureTraining(lenet, 0.98, { peer: undefined, threads: 1, rounds: 1 });
  t.is(row.format, 'kept weights');
  t.true(row.ourMilliseconds > 0 && row.overDense! > 0);
  t.true(Math.abs(row.theoretical - 50) < 1);
});

test('a program that is not there is one error, and nothing comes after it', async (t) => {
  // In a process of its own, because a rejection that nobody hears ends it: measuring keeps the event loop waiting for long.
  const script = `
    import { Side } from ${JSON.stringify(new URL('../src/side.ts', import.meta.url).href)};
    await Side.start('PyTorch', '/no/such/python', [], 1).catch((error) => console.log(error.name));
    for (const end = Date.now() + 300; Date.now() < end; );
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log('alive');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  t.is(stdout, 'PrunebenchError\nalive\n');
});
