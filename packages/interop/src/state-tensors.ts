import { createHash } from 'node:crypto';
import type { ParameterArray, PrunebenchError, State } from '@prunebench/core';
import type { SafetensorsTensor } from './safetensors.ts';

/*
 * A network's state as tensors: parameters as F32 under their own names ("conv1/kernel"), in layer order; masks as U8 of the
 * parameter's shape under "mask:<name>".
 */

export const MASK = 'mask:';

export type Tensors = Readonly<Record<string, SafetensorsTensor>>;

/** Makes the error that names the file. */
export type Fault = (reason: string) => PrunebenchError;

/**
 * The tensors of a state.
 *
 * @throws RangeError for a mask of no parameter, of another length, or not made of zeros and ones
 */
export function tensorsOf({ parameters, masks }: State): Tensors {
  const maskTensors = Object.entries(masks).map(([name, values]): [string, SafetensorsTensor] => {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (!parameter) throw new RangeError(`Mask ${name} belongs to no parameter.`);
    if (parameter.values.length !== values.length)
      throw new RangeError(`Mask ${name} has ${values.length} values, its parameter ${parameter.values.length}.`);
    if (values.some((bit) => bit > 1)) throw new RangeError(`Mask ${name} is not made of zeros and ones.`);
    return [MASK + name, { shape: parameter.shape, values }];
  });
  return { ...parameters, ...Object.fromEntries(maskTensors) };
}

/**
 * The state of these tensors, in their order.
 *
 * @throws PrunebenchError made by `fault`: for a parameter that is not F32, and for a mask that has no parameter, does not fit it,
 *   or is not made of zeros and ones
 */
export function stateOf(tensors: Tensors, fault: Fault): State {
  const parameters: [string, ParameterArray][] = [];
  const masks: [string, Uint8Array][] = [];
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (name.startsWith(MASK)) {
      const of = name.slice(MASK.length);
      masks.push([of, checkedMask(of, values, Object.hasOwn(tensors, of) ? tensors[of] : undefined, fault)]);
    } else if (values instanceof Float32Array) parameters.push([name, { shape, values }]);
    else throw fault(`parameter ${name} is not of type F32`);
  }
  return { parameters: Object.fromEntries(parameters), masks: Object.fromEntries(masks) };
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

/** SHA-256 over the names, element sizes, shapes and bytes of the tensors, in their order; hexadecimal. */
export function tensorsDigest(tensors: Tensors): string {
  const hash = createHash('sha256');
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    hash.update(`${name} ${values.BYTES_PER_ELEMENT} [${shape}]\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** `tensorsDigest` of a state, by name: it depends neither on the order of its layers nor on how a file stores them. */
export function stateDigest(state: State): string {
  const byName = Object.entries(tensorsOf(state)).sort(([a], [b]) => (a < b ? -1 : 1));
  return tensorsDigest(Object.fromEntries(byName));
}
