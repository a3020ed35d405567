import { createHash } from 'node:crypto';
import {
  contentHash,
  inferShapes,
  type Layer,
  messageOf,
  type Network,
  nearestName,
  type ParameterRecord,
  type ParameterRole,
  type ParameterSpec,
  type PretrainedParameters,
  PrunebenchError,
  parameterSpecs,
  refuseDiverged,
  sizeOf,
} from '@prunebench/core';
import { readWholeSync } from '@prunebench/files';
import { decodeSafetensors, type SafetensorsTensor } from './safetensors.ts';

/** How PyTorch's layers call what ours have. */
const SUFFIXES: Readonly<Record<ParameterRole, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  movingMean: 'running_mean',
  movingVariance: 'running_var',
};

/** Bytes that such a file may have: what an array of bytes can hold. */
const FILE_LIMIT = 2 ** 32;
/** What a training of PyTorch counts and no network needs. */
const COUNTER = 'num_batches_tracked';

/** Our layer -> the module of PyTorch that it is ("features.0"); layers that are left out have the module's name. */
export type ModuleNames = Readonly<Record<string, string>>;

/**
 * The parameters of a network that was trained in PyTorch and saved as safetensors: the `state_dict()` of a module. Kernels are
 * transposed into our layouts ([in, out]; [height, width, in / groups, out]), and what reads a flattened image is put in the order of
 * ours, where channels come last.
 *
 * @param file its absolute path; read when it is first asked for
 * @throws PrunebenchError, when the checksum or the parameters are asked for: for a file that cannot be read, for tensors that are missing,
 *   of another shape or type, or that no layer has
 */
export function fromPyTorch(file: string, modules: ModuleNames = {}): PretrainedParameters {
  let bytes: Uint8Array | undefined;
  const read = () => {
    bytes ??= bytesOf(file);
    return bytes;
  };
  return {
    get checksum() {
      return contentHash({ sha256: createHash('sha256').update(read()).digest('hex'), modules });
    },
    async load(network) {
      const { tensors } = decodeSafetensors(read(), file);
      const parameters = convertFromPyTorch(tensors, network, modules, file);
      refuseDiverged(parameters, `in ${file}`);
      return parameters;
    },
  };
}

function bytesOf(file: string): Uint8Array {
  try {
    return readWholeSync(file, FILE_LIMIT);
  } catch (cause) {
    throw new PrunebenchError(`The parameters in ${file} cannot be read: ${messageOf(cause).replace(/\.$/, '')}.`, {
      remedy: 'Save them there; docs/how-to-prune-a-trained-network.md has the lines of Python.',
      cause,
    });
  }
}

/** The tensors of a `state_dict()` as the parameters of `network`; see `fromPyTorch`. */
export function convertFromPyTorch(
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  network: Network,
  modules: ModuleNames,
  file: string,
): ParameterRecord {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const unknown = Object.keys(modules).find((name) => !layers.has(name));
  if (unknown !== undefined)
    throw new PrunebenchError(`Network ${network.name} has no layer "${unknown}", whose module is named for ${file}.`, {
      remedy: `Its layers are ${[...layers.keys()].join(', ')}.`,
    });
  const orders = flattenedOrders(network);
  const specs = parameterSpecs(network);
  const nameOf = ({ layer, role }: ParameterSpec) => `${modules[layer] ?? layer}.${SUFFIXES[role]}`;
  const wanted = new Set(specs.map(nameOf));
  const unread = Object.keys(tensors).filter((name) => !wanted.has(name) && !name.endsWith(COUNTER));
  const parameters = specs.map((spec) => {
    const name = nameOf(spec);
    if (!Object.hasOwn(tensors, name)) throw missing(name, spec, unread, network, file);
    const order = orders.get(layers.get(spec.layer)!.inputs[0]);
    return [spec.name, { shape: spec.shape, values: inOurLayout(tensors[name], name, spec, order, file) }] as const;
  });
  if (unread.length > 0)
    throw new PrunebenchError(
      `${file} has tensors that no layer of network ${network.name} reads: ${unread.join(', ')}.`,
      {
        remedy: 'Give the network the layers they belong to, or leave them out of the file.',
      },
    );
  return Object.fromEntries(parameters);
}

function missing(
  name: string,
  { layer, role }: ParameterSpec,
  unread: readonly string[],
  network: Network,
  file: string,
): PrunebenchError {
  const nearest = nearestName(name, unread);
  const hint = nearest === undefined ? '' : ` The nearest that no other layer reads is ${nearest}.`;
  const without = role === 'bias' ? ' A layer without a bias has `useBias: false`.' : '';
  return new PrunebenchError(`${file} has no tensor ${name}, for layer "${layer}" of network ${network.name}.`, {
    remedy: `Name the module that the layer is, as in fromPyTorch(file, { ${layer}: '<module>' }).${hint}${without}`,
  });
}

/** A tensor's values in the order of ours. */
function inOurLayout(
  { shape, values }: SafetensorsTensor,
  name: string,
  spec: ParameterSpec,
  order: Uint32Array | undefined,
  file: string,
): Float32Array {
  if (!(values instanceof Float32Array))
    throw new PrunebenchError(`${file}: tensor ${name} is not of type F32.`, {
      remedy: 'Convert the module before it is saved: model.float().',
    });
  const expected = theirShape(spec);
  if (String(expected) !== String(shape))
    throw new PrunebenchError(
      `${file}: tensor ${name} has the shape [${shape}], layer "${spec.layer}" needs [${expected}] of PyTorch.`,
      { remedy: 'Correct the layer in the network, or the module that it is said to be.' },
    );
  if (spec.role !== 'kernel') return spec.role === 'bias' || !order ? values : values.map((_, i) => values[order[i]]);
  const outputs = expected[0];
  const inputs = sizeOf(expected) / outputs;
  // Theirs: output first, and of each its inputs [in, height, width]; ours: output last, behind [height, width, in].
  const theirs = expected.length === 4 ? channelsLast(expected[1], expected[2], expected[3]) : order;
  const ours = new Float32Array(values.length);
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      ours[input * outputs + output] = values[output * inputs + (theirs ? theirs[input] : input)];
  return ours;
}

/**
 * The parameters of a network as a `state_dict()`: what `convertFromPyTorch` reads back. Layers are modules of their own names, in which
 * a dot, which parts modules in PyTorch, is an underscore.
 */
export function toPyTorch(network: Network, parameters: ParameterRecord): Readonly<Record<string, SafetensorsTensor>> {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const orders = flattenedOrders(network);
  return Object.fromEntries(
    parameterSpecs(network).map((spec) => {
      const order = orders.get(layers.get(spec.layer)!.inputs[0]);
      const values = inTheirLayout(parameters[spec.name].values, spec, order);
      return [`${moduleName(spec.layer)}.${SUFFIXES[spec.role]}`, { shape: theirShape(spec), values }];
    }),
  );
}

/** What PyTorch may call a layer. */
export function moduleName(layer: string): string {
  return layer.replaceAll('.', '_');
}

function inTheirLayout(values: Float32Array, spec: ParameterSpec, order: Uint32Array | undefined): Float32Array {
  const theirs = new Float32Array(values.length);
  if (spec.role !== 'kernel') {
    for (const [i, value] of values.entries()) theirs[spec.role !== 'bias' && order ? order[i] : i] = value;
    return theirs;
  }
  const expected = theirShape(spec);
  const [outputs] = expected;
  const inputs = sizeOf(expected) / outputs;
  const places = expected.length === 4 ? channelsLast(expected[1], expected[2], expected[3]) : order;
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      theirs[output * inputs + (places ? places[input] : input)] = values[input * outputs + output];
  return theirs;
}

/** PyTorch's shape of what has `spec` here. */
function theirShape({ role, shape }: ParameterSpec): readonly number[] {
  if (role !== 'kernel') return shape;
  return shape.length === 4 ? [shape[3], shape[2], shape[0], shape[1]] : [shape[1], shape[0]];
}

/** Index into [channels, height, width] of each place of [height, width, channels]. */
function channelsLast(channels: number, height: number, width: number): Uint32Array {
  return Uint32Array.from({ length: channels * height * width }, (_, place) => {
    const pixel = Math.floor(place / channels);
    return (place % channels) * height * width + pixel;
  });
}

/** What leaves the order of the features as it is. */
const ORDERLY: ReadonlySet<Layer['kind']> = new Set(['activation', 'batchNorm', 'dropout']);

/** Of each layer that gives a flattened image: where PyTorch has the feature that ours has at a place. */
function flattenedOrders({ inputShape, layers }: Network): ReadonlyMap<string, Uint32Array> {
  const shapes = inferShapes({ name: 'flattened', inputShape, layers });
  const orders = new Map<string, Uint32Array>();
  for (const { kind, name, inputs } of layers) {
    const [height, width, channels] = shapes.get(inputs[0])!;
    const before = orders.get(inputs[0]);
    if (kind === 'flatten' && channels !== undefined) orders.set(name, channelsLast(channels, height, width));
    else if (before && ORDERLY.has(kind)) orders.set(name, before);
  }
  return orders;
}
