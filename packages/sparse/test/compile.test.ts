import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMasks } from '@prunebench/core';
import { convNet, mlp, outputs, randomBatch, randomParameters, relativeError, residualNet } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { compile, OUTPUT_TOLERANCE } from '../src/index.ts';
import { randomMasks } from './support.ts';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunebench-sparse-'));
  process.env.PRUNEBENCH_CACHE = folder;
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

for (const network of [mlp([30, 40, 5]), convNet(), residualNet()])
  for (const batchSize of [1, 40])
    test(`${network.name}, batch ${batchSize}: outputs within the stated bound, a choice with its times for every layer`, async (t) => {
      const parameters = randomParameters(network);
      const masks = randomMasks(network, 0.2);
      const compiled = await compile(network, parameters, masks, { batchSize, rounds: 2 });
      const batch = randomBatch(network, batchSize);
      const actual = compiled.run(batch.x);
      await tf.setBackend('cpu');
      t.true(relativeError(actual, outputs(network, applyMasks(parameters, masks), batch)) < OUTPUT_TOLERANCE);

      const names = network.layers.filter(({ kind }) => kind === 'conv2d' || kind === 'dense').map(({ name }) => name);
      t.deepEqual(
        compiled.layers.map(({ layer }) => layer),
        names,
      );
      for (const { chosen, milliseconds } of compiled.layers) {
        // The dense product of the original size is shown beside the smaller one, but is not a choice.
        const { dense: _, ...others } = milliseconds;
        const choices = others['shrunken-dense'] === undefined ? milliseconds : others;
        t.true(Object.values(milliseconds).every((time) => time > 0));
        if (compiled.kind !== 'dense') t.is(milliseconds[chosen], Math.min(...Object.values(choices)));
      }
      compiled.dispose();
    });

test('a smaller batch gives the first rows, a larger one is refused', async (t) => {
  const network = mlp([6, 4, 3]);
  const compiled = await compile(network, randomParameters(network), {}, { batchSize: 8, rounds: 1 });
  const { x } = randomBatch(network, 8);
  t.deepEqual(compiled.run(x.slice(0, 3 * 6)), compiled.run(x).slice(0, 3 * 3));
  t.throws(() => compiled.run(new Float32Array(9 * 6)), { message: /up to 8 images/ });
  t.throws(() => compiled.run(new Float32Array(7)), { message: /up to 8 images/ });
  compiled.dispose();
});

test('times are kept on disk, and a damaged file is measured again', async (t) => {
  const files = await readdir(join(folder, 'sparse-timings'));
  t.is(files.length, 1);
  await writeFile(join(folder, 'sparse-timings', files[0]), '{"half');
  const network = mlp([9, 7, 3]);
  const compiled = await compile(network, randomParameters(network), randomMasks(network, 0.5), {
    batchSize: 16,
    rounds: 1,
  });
  t.is(compiled.layers.length, 2);
  compiled.dispose();
});
