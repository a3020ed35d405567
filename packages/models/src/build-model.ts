import { type DataShape, defineNetwork, type Network, type NetworkEntry, PrunebenchError } from '@prunebench/core';
import { distance } from 'fastest-levenshtein';
import { conv2, conv4, conv6 } from './conv.ts';
import { lenet5Caffe, lenet5Relu, lenet300x100, lenet300x100Bn } from './lenet.ts';
import { mlp17x2, mlp17x3, mlp784 } from './mlp.ts';
import type { ModelEntry } from './model.ts';
import { resnet18, resnet20, resnet32, resnet56 } from './resnet.ts';
import { vgg11, vgg16, vgg19 } from './vgg.ts';

/** Every architecture at its full width. */
export const models: readonly ModelEntry[] = [
  lenet300x100,
  lenet300x100Bn,
  lenet5Caffe,
  lenet5Relu,
  conv2,
  conv4,
  conv6,
  vgg11,
  vgg16,
  vgg19,
  resnet18,
  resnet20,
  resnet32,
  resnet56,
  mlp784,
  mlp17x3,
  mlp17x2,
];

/** "resnet-20-w0.5": the name of an entry and the factor on its hidden widths. */
interface ModelName {
  readonly entry: ModelEntry;
  readonly factor: number;
}

/**
 * The entry behind a name, with or without a width suffix.
 *
 * @throws PrunebenchError naming the nearest known models, or saying what is wrong with the width factor
 */
export function findModel(id: string): ModelEntry {
  return parseName(id).entry;
}

/**
 * The network behind a name, with or without a width suffix, as an entry of its own.
 *
 * @throws PrunebenchError naming the nearest known models, or saying what is wrong with the width factor
 */
export function findNetwork(id: string): NetworkEntry {
  const { title, initializer } = findModel(id);
  return { id, title, initializer, build: (shape) => buildModel(id, shape) };
}

/** Whether `id` has the form of a listed model's name with a width suffix, whatever the width. */
export function isScaledName(id: string): boolean {
  return models.some((model) => id.startsWith(`${model.id}-w`));
}

/**
 * The network `id` for data of this shape. A suffix "-w<factor>" multiplies every hidden width (rounded, at least 1):
 * "resnet-20-w0.5" has 8, 16 and 32 filters.
 *
 * @throws PrunebenchError for an unknown model, a bad factor, or data too small for the network
 */
export function buildModel(id: string, shape: DataShape): Network {
  const { entry, factor } = parseName(id);
  const width = (full: number) => Math.max(1, Math.round(full * factor));
  return defineNetwork({
    name: id,
    inputShape: shape.inputShape,
    layers: entry.layers(shape, width),
    ...(entry.loss === 'cross-entropy' ? {} : { loss: entry.loss }),
  });
}

function parseName(id: string): ModelName {
  const [, base, suffix] = /^(.+)-w([^-]*)$/.exec(id) ?? [undefined, id, undefined];
  const entry = models.find((model) => model.id === base);
  if (!entry) throw unknownModel(base);
  if (suffix === undefined) return { entry, factor: 1 };
  const factor = Number(suffix);
  if (!(factor > 0 && factor <= 16))
    throw new PrunebenchError(`Model ${id}: the width factor must be a number in (0, 16], found "${suffix}".`, {
      remedy: `Write for instance ${base}-w0.5.`,
    });
  // One network, one name: names are hashed into the keys of results.
  const canonical = factor === 1 ? base : `${base}-w${factor}`;
  if (canonical !== id) throw new PrunebenchError(`Model ${id} has a simpler name.`, { remedy: `Write ${canonical}.` });
  return { entry, factor };
}

function unknownModel(id: string): PrunebenchError {
  const nearest = models.map((model) => model.id).sort((a, b) => distance(id, a) - distance(id, b));
  return new PrunebenchError(`There is no model "${id}"; the nearest names are ${nearest.slice(0, 3).join(', ')}.`, {
    remedy: `Choose one of ${models.map((model) => model.id).join(', ')}; a suffix such as -w0.5 scales the widths.`,
  });
}
