// Sparse kernels on plain arrays. C++: cc/sparse/.
import type { Numbers, Operands } from './descriptors.ts';
import { registeredBackend } from './register.ts';

type Array32 = Float32Array | Int32Array;

/** Compressed sparse rows: weight i of row r has i from rowStarts[r] to rowStarts[r + 1]. */
export interface CsrArrays {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1], ascending from 0. */
  readonly rowStarts: Int32Array;
  /** Each below `columns`, ascending within a row. */
  readonly columnIndices: Int32Array;
  readonly values: Float32Array;
}

/** Runs a kernel on arrays in memory. */
export function invokeOnArrays(kernel: string, operands: Operands<ArrayBufferView>, numbers: Numbers): void {
  const { addon, kernels } = registeredBackend();
  kernels.write(addon.words, 0, kernel, operands, numbers, (array) => addon.addressOf(array));
  addon.execute();
}

function expectLength(what: string, array: { readonly length: number }, length: number): void {
  if (array.length !== length) throw new Error(`${what} has ${array.length} elements where ${length} are needed.`);
}

function checkPattern({ rows, rowStarts, columnIndices }: CsrArrays): void {
  expectLength('rowStarts', rowStarts, rows + 1);
  expectLength('columnIndices', columnIndices, rowStarts[rows]!);
}

/** Zeros, aligned for vectors. */
export function allocateFloats(length: number): Float32Array {
  return new Float32Array(registeredBackend().addon.allocate(Math.max(64, length * 4)), 0, length).fill(0);
}

export interface CsrProductOptions {
  /** [rows], added to every column. */
  readonly bias?: Float32Array;
  readonly relu?: boolean;
  /** Weight i is values[places[i]]: for a transposed pattern that reads the weights where the original keeps them. */
  readonly places?: Int32Array;
}

/**
 * y = matrix x (+ bias, ReLU).
 *
 * @param x [columns, n], row-major
 * @param y [rows, n]
 * @throws Error when an array's length does not fit
 */
export function csrTimesDense(
  matrix: CsrArrays,
  x: Float32Array,
  n: number,
  y: Float32Array,
  { bias, relu = false, places }: CsrProductOptions = {},
): void {
  const { rows, columns, rowStarts, columnIndices, values } = matrix;
  checkPattern(matrix);
  expectLength('x', x, columns * n);
  expectLength('y', y, rows * n);
  if (bias) expectLength('bias', bias, rows);
  expectLength(places ? 'places' : 'values', places ?? values, columnIndices.length);
  const operands = { starts: rowStarts, columns: columnIndices, values, places, x, bias, y };
  invokeOnArrays('CsrTimesDense', operands, { rows, columns, n, biasLast: false, relu });
}

/**
 * The product a bᵀ at the kept positions alone: out[i] = a[row of i, :] . b[column of i, :].
 *
 * @param a [rows, n]
 * @param b [columns, n]
 * @param out [kept positions]
 * @throws Error when an array's length does not fit
 */
export function sampledProduct(
  pattern: CsrArrays,
  a: Float32Array,
  b: Float32Array,
  n: number,
  out: Float32Array,
): void {
  const { rows, columns, rowStarts, columnIndices } = pattern;
  checkPattern(pattern);
  expectLength('a', a, rows * n);
  expectLength('b', b, columns * n);
  expectLength('out', out, columnIndices.length);
  invokeOnArrays('SampledProduct', { starts: rowStarts, columns: columnIndices, a, b, out }, { rows, n });
}

/** to[column, row] = from[row, column]. @throws Error when an array's length does not fit */
export function transposeMatrix(from: Float32Array, rows: number, columns: number, to: Float32Array): void {
  expectLength('from', from, rows * columns);
  expectLength('to', to, rows * columns);
  invokeOnArrays('TransposeMatrix', { from, to }, { rows, columns });
}

/** Where an array lies, for the words of a program. The array must be kept alive with the program. */
export function addressOf(array: Array32): number {
  return registeredBackend().addon.addressOf(array);
}

/** Floats in a vector of this machine's kernels. */
export function vectorLanes(): number {
  return registeredBackend().addon.lanes;
}
