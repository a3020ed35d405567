import { createHash } from 'node:crypto';
import type { Network, ParameterArray, ParameterRecord, PrunebenchError, State } from '@prunebench/core';
import { z } from 'zod';
import type { SafetensorsTensor } from './safetensors.ts';

/*
 * A network's state as tensors: parameters as F32 under their own names ("conv1/kernel"), in layer order; masks as U8 of the
 * parameter's shape under "mask:<name>"; what extensions of training have left as F32 under "variable:<name>", and what the optimizer
 * of a training that was cut remembers under "slot:<name>". The rest of a cut, and a network that is not the trial's, are text.
 */

export const MASK = 'mask:';
const VARIABLE = 'variable:';
const SLOT = 'slot:';

export type Tensors = Readonly<Record<string, SafetensorsTensor>>;

/** Makes the error that names the file. */
export type Fault = (reason: string) => PrunebenchError;

/**
 * The tensors of a state.
 *
 * @throws RangeError for a mask of no parameter, of another length, or not made of zeros and ones
 */
export function tensorsOf({ parameters, masks, variables = {}, cut }: State): Tensors {
  const maskTensors = Object.entries(masks).map(([name, values]): [string, SafetensorsTensor] => {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter) throw new RangeError(`Mask ${name} belongs to no parameter.`);
    if (parameter.values.length !== values.length)
      throw new RangeError(`Mask ${name} has ${values.length} values, its parameter ${parameter.values.length}.`);
    if (values.some((bit) => bit > 1)) throw new RangeError(`Mask ${name} is not made of zeros and ones.`);
    return [MASK + name, { shape: parameter.shape, values }];
  });
  return {
    ...parameters,
    ...prefixed(VARIABLE, variables),
    ...prefixed(SLOT, cut?.slots ?? {}),
    // Bytes behind all floats, as the file has them.
    ...Object.fromEntries(maskTensors),
  };
}

function prefixed(prefix: string, record: ParameterRecord): Tensors {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

/** What of a state is not tensors, as JSON. */
const texts = z.strictObject({
  cut: z
    .strictObject({ step: z.int().positive(), totalSteps: z.int().positive(), age: z.int().min(0), stream: z.string() })
    .optional(),
  network: z.custom<Network>((value) => typeof value === 'object' && value !== null && 'layers' in value).optional(),
});

/** What of a state is not tensors; undefined where there is nothing. */
export function textOf({ cut, network }: State): string | undefined {
  if (!cut && !network) return undefined;
  const { slots: _, ...place } = cut ?? { slots: {} };
  return JSON.stringify({ ...(cut && { cut: place }), ...(network && { network }) });
}

/**
 * The state of these tensors, in their order.
 *
 * @param text what `textOf` gave; absent: nothing
 * @throws PrunebenchError made by `fault`: for a parameter that is not F32, for a mask that has no parameter, does not fit it,
 *   or is not made of zeros and ones, and for a text that says something else
 */
export function stateOf(tensors: Tensors, fault: Fault, text?: string): State {
  const parameters: [string, ParameterArray][] = [];
  const masks: [string, Uint8Array][] = [];
  const variables: [string, ParameterArray][] = [];
  const slots: [string, ParameterArray][] = [];
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (name.startsWith(MASK)) {
      const of = name.slice(MASK.length);
      masks.push([of, checkedMask(of, values, Object.hasOwn(tensors, of) ? tensors[of] : undefined, fault)]);
    } else if (!(values instanceof Float32Array)) throw fault(`parameter ${name} is not of type F32`);
    else if (name.startsWith(VARIABLE)) variables.push([name.slice(VARIABLE.length), { shape, values }]);
    else if (name.startsWith(SLOT)) slots.push([name.slice(SLOT.length), { shape, values }]);
    else parameters.push([name, { shape, values }]);
  }
  const { cut, network } = parsedTexts(text, fault);
  if (!cut && slots.length > 0)
    throw fault('it holds the slots of an optimizer, and does not say where its training was cut');
  return {
    parameters: Object.fromEntries(parameters),
    masks: Object.fromEntries(masks),
    ...(variables.length > 0 && { variables: Object.fromEntries(variables) }),
    ...(cut && { cut: { ...cut, slots: Object.fromEntries(slots) } }),
    ...(network && { network }),
  };
}

function parsedTexts(text: string | undefined, fault: Fault): z.output<typeof texts> {
  if (text === undefined) return {};
  try {
    return texts.parse(JSON.parse(text));
  } catch {
    throw fault('what it says of its training or network cannot be read');
  }
}

function checkedMask(
  name: string,
  values: SafetensorsTensor['values'],
  parameter: SafetensorsTensor | undefined,
  fault: Fault,
): Uint8Array {
  if (!(values instanceof Uint8Array) || values.some((bit) => bit > 1))
    throw fault(`mask ${name} is not made of zeros and ones`);
  if (!parameter) throw fault(`mask ${name} belongs to no parameter`);
  if (parameter.values.length !== values.length) throw fault(`mask ${name} does not fit its parameter`);
  return values;
}

/** SHA-256 over the names, element sizes, shapes and bytes of the tensors, in their order, and over the text; hexadecimal. */
export function tensorsDigest(tensors: Tensors, text = ''): string {
  const hash = createHash('sha256');
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    hash.update(`${name} ${values.BYTES_PER_ELEMENT} [${shape}]\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  hash.update(text);
  return hash.digest('hex');
}

/** `tensorsDigest` of a state, by name: it depends neither on the order of its layers nor on how a file stores them. */
export function stateDigest(state: State): string {
  const byName = Object.entries(tensorsOf(state)).sort(([a], [b]) => (a < b ? -1 : 1));
  return tensorsDigest(Object.fromEntries(byName), textOf(state));
}
