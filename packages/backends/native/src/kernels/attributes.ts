// What a kernel is told beside its tensors. tfjs types attributes as an open record, so each is looked at where a kernel reads it: one of
// another kind is an error that names it, as with the operands and numbers of a call.
import { type backend_util, type NamedAttrMap, util } from '@tensorflow/tfjs-core';

export type Attributes = NamedAttrMap;

function refuse(name: string, wanted: string, value: unknown): never {
  throw new Error(`A kernel wants ${wanted} as its attribute '${name}', not ${value}.`);
}

/** A loop, not `every`: this runs in many calls of kernels. */
function isNumbers(value: unknown): value is number[] {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'number') return false;
  return true;
}

/** @throws Error naming the attribute unless it is a number */
export function numberOf(value: unknown, name: string): number {
  return typeof value === 'number' ? value : refuse(name, 'a number', value);
}

/** @throws Error naming the attribute unless it is a list of numbers */
export function numbersOf(value: unknown, name: string): number[] {
  return isNumbers(value) ? value : refuse(name, 'a list of numbers', value);
}

const isNumberOrNumbers = (value: unknown): value is number | number[] => typeof value === 'number' || isNumbers(value);

/** @throws Error naming the attribute unless it is a number or a list of them */
export function numberOrNumbersOf(value: unknown, name: string): number | number[] {
  return isNumberOrNumbers(value) ? value : refuse(name, 'a number or a list of them', value);
}

/**
 * The axes that an attribute names, each from 0 on; all of them where it names none.
 *
 * @throws Error naming the attribute unless it is a number, a list of them or nothing, and one for an axis that `shape` has not
 */
export function axesOf(value: unknown, name: string, shape: number[]): number[] {
  if (value == null) return shape.map((_, d) => d);
  return util.parseAxisParam(numberOrNumbersOf(value, name), shape);
}

/** The one axis that an attribute names. @throws Error as `axesOf` */
export function axisOf(value: unknown, name: string, shape: number[]): number {
  return util.parseAxisParam(numberOf(value, name), shape)[0];
}

const isPair = (value: unknown): value is [number, number] => isNumbers(value) && value.length === 2;

/** Numbers before and behind each dimension. @throws Error naming the attribute unless it is a list of pairs */
export function pairsOf(value: unknown, name: string): [number, number][] {
  const isPairs = (list: unknown): list is [number, number][] => Array.isArray(list) && list.every(isPair);
  return isPairs(value) ? value : refuse(name, 'a list of pairs', value);
}

type Pair = number | [number, number];

/** One number for both axes of an image, or one for each. @throws Error naming the attribute where it is neither */
export function perAxisOf(value: unknown, name: string): Pair {
  return typeof value === 'number' || isPair(value) ? value : refuse(name, 'one or two numbers', value);
}

type Padding = 'valid' | 'same' | number | backend_util.ExplicitPadding;
type Rounding = 'floor' | 'round' | 'ceil';

/** How a window moves over images, as tfjs' convolutions and poolings have it. */
interface WindowAttributes {
  readonly strides: Pair;
  readonly pad: Padding;
  readonly rounding: Rounding | undefined;
}

const isExplicit = (value: unknown): value is backend_util.ExplicitPadding =>
  Array.isArray(value) && value.length === 4 && value.every(isPair);

const isPadding = (value: unknown): value is Padding =>
  value === 'valid' || value === 'same' || typeof value === 'number' || isExplicit(value);

const isRounding = (value: unknown): value is Rounding => value === 'floor' || value === 'round' || value === 'ceil';

/** @throws Error naming the attribute that is not what tfjs has there */
export function windowOf({ strides, pad, dimRoundingMode }: Attributes): WindowAttributes {
  return {
    strides: perAxisOf(strides, 'strides'),
    pad: isPadding(pad) ? pad : refuse('pad', "'valid', 'same', a number or explicit padding", pad),
    rounding:
      dimRoundingMode == null || isRounding(dimRoundingMode)
        ? (dimRoundingMode ?? undefined)
        : refuse('dimRoundingMode', "'floor', 'round' or 'ceil'", dimRoundingMode),
  };
}
