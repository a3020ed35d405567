import {
  type Dataset,
  defineNetwork,
  INPUT,
  type Network,
  randomStream,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { imageSplit, normalisationTable } from '@prunebench/data';
import type { Extension } from '@prunebench/network';
import { extended, mlp, randomParameters } from '@prunebench/testing';
import { contentOf, toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { train } from '../src/index.ts';

/** The training inputs of every epoch, example by example, as text. */
async function epochsSeen(
  network: Network,
  dataset: Dataset,
  options: Partial<TrainOptionsInput>,
  seed = 1,
): Promise<string[][]> {
  const { size } = dataset.splits.train;
  const seen: string[] = [];
  const tap: Extension = {
    layer(layer, [x], next) {
      // Batches of training are smaller than any of the evaluation.
      if (layer === network.layers[0] && x.shape[0] <= 8) {
        const values = x.dataSync();
        const width = values.length / x.shape[0];
        for (let i = 0; i < x.shape[0]; i++) seen.push(String(values.slice(i * width, (i + 1) * width)));
      }
      return next();
    },
  };
  const { listed, known } = extended(tap);
  const parsed = trainOptions.parse({ epochs: 3, batchSize: 8, learningRate: 0.01, extensions: listed, ...options });
  await train(network, { parameters: randomParameters(network, 1), masks: {} }, dataset, parsed, {
    random: randomStream(seed),
    extensions: known,
  });
  return Array.from({ length: seen.length / size }, (_, epoch) => seen.slice(epoch * size, (epoch + 1) * size));
}

test.serial('every epoch shows every example once, in an order of its own that the stream decides', async (t) => {
  const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 30, validation: 20, test: 20 } });
  const network = mlp([4, 2]);
  const examples = contentOf(dataset.splits.train, 4).x.map(String);
  const epochs = await epochsSeen(network, dataset, {});
  t.is(epochs.length, 3);
  for (const epoch of epochs) t.deepEqual(epoch.toSorted(), examples.toSorted());
  t.is(new Set([examples, ...epochs].map(String)).size, 4);
  t.deepEqual(await epochsSeen(network, dataset, {}), epochs);
  t.notDeepEqual(await epochsSeen(network, dataset, {}, 2), epochs);
  // How far training goes does not change how it begins.
  t.deepEqual((await epochsSeen(network, dataset, { epochs: 1 }))[0], epochs[0]);
});

test.serial('augmentation draws anew in every epoch, and the order is the one without it', async (t) => {
  const network = defineNetwork({
    name: 'image',
    inputShape: [5, 5, 1],
    layers: [
      { kind: 'flatten', name: 'flatten', inputs: [INPUT] },
      { kind: 'dense', name: 'fc', inputs: ['flatten'], units: 2, useBias: true },
    ],
  });
  // Image i has the value i + 1 everywhere, so that a crop still tells which image it is from.
  const bytes = Uint8Array.from({ length: 12 * 25 }, (_, i) => Math.floor(i / 25) + 1);
  const labels = Int32Array.from({ length: 12 }, (_, i) => i % 2);
  const split = imageSplit(
    { bytes, labels, shape: [5, 5, 1], table: normalisationTable([0], [1 / 255]) },
    Uint32Array.from(labels.keys()),
  );
  const base = toyDataset({ inputShape: [5, 5, 1], classes: 2 });
  const dataset: Dataset = { ...base, splits: { ...base.splits, train: split } };
  const options = { learningRate: 1e-6 };
  const plain = await epochsSeen(network, dataset, options);
  const cropped = await epochsSeen(network, dataset, { ...options, augmentation: 'crop-flip' });
  const imageOf = (values: string) => Math.round(Math.max(...values.split(',').map(Number)));
  const recognisable = cropped.map(
    (epoch, e) => epoch.filter((values, i) => imageOf(values) === imageOf(plain[e][i])).length,
  );
  // A crop may miss the image altogether only where both offsets are extreme; 5 pixels shifted by at most 4 always meet.
  t.deepEqual(recognisable, [12, 12, 12]);
  const windows = cropped.map((epoch) => epoch.map((values) => values.replaceAll(/[1-9][\d.]*/g, 'x')).join());
  t.is(new Set(windows).size, 3);
  t.deepEqual(await epochsSeen(network, dataset, { ...options, augmentation: 'crop-flip' }), cropped);
});
