// Sparse kernels on plain arrays. C++: cc/sparse-*.cc.
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

/** Runs a kernel on arrays in memory; null for an operand that is absent. */
function invoke(kernel: string, operands: readonly (ArrayBufferView | null)[], numbers: readonly number[]): void {
  const { addon, kernelNumber } = kernelCaller();
  // Addresses first: asking for one may run code of Node's that knows nothing of the shared words.
  const addresses = operands.map((array) => (array ? addon.addressOf(array) : 0));
  const { words } = addon;
  words[0] = kernelNumber(kernel);
  words[1] = addresses.length;
  words[2] = numbers.length;
  let at = 3;
  for (const address of addresses) words[at++] = address;
  for (const number of numbers) words[at++] = number;
  addon.execute();
}

function kernelCaller() {
  const backend = registeredBackend();
  return { addon: backend.addon, kernelNumber: (name: string) => backend.kernelNumber(name) };
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
  const operands = [rowStarts, columnIndices, values, places ?? null, x, bias ?? null, y];
  invoke('CsrTimesDense', operands, [rows, columns, n, Number(relu)]);
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
  invoke('SampledProduct', [rowStarts, columnIndices, a, b, out], [rows, n]);
}

/** to[column, row] = from[row, column]. @throws Error when an array's length does not fit */
export function transposeMatrix(from: Float32Array, rows: number, columns: number, to: Float32Array): void {
  expectLength('from', from, rows * columns);
  expectLength('to', to, rows * columns);
  invoke('TransposeMatrix', [from, to], [rows, columns]);
}

/** How a compiled network is laid out for the interpreter: see cc/sparse-program.h. */
export const programFormat = {
  kinds: [
    'load',
    'store',
    'entries',
    'blocks',
    'maxPool',
    'avgPool',
    'globalAverage',
    'add',
    'scaleShift',
    'activation',
    'subsamplePad',
    'flatten',
    'phases',
    'winograd',
    'features',
  ],
  /** Parameters of an operation. */
  parameters: 15,
  /** Outputs of a block of weights. */
  blockRows: 4,
} as const;

/** A compiled network, ready to run. */
export class SparseProgram {
  readonly #words: Float64Array;
  readonly #arena: Float32Array | null;
  readonly #arrays: readonly ArrayBufferView[];

  /**
   * @param words the program: see cc/sparse-program.h
   * @param arrays the arrays whose addresses it names, kept alive with it
   */
  constructor(words: Float64Array, arrays: readonly ArrayBufferView[]) {
    this.#words = words;
    this.#arrays = arrays;
    // A single image is shared by all threads, so its arena is; images in tiles have one per thread, made there.
    this.#arena = words[1] === 0 ? allocateFloats(words[2]!) : null;
  }

  /**
   * @param batch [images, features]
   * @param result [images, outputs]; the caller answers for both lengths
   */
  run(batch: Float32Array, images: number, result: Float32Array): void {
    invoke('SparseProgram', [this.#words, batch, result, this.#arena], [images]);
  }

  /** How many arrays it keeps alive. */
  get arrays(): number {
    return this.#arrays.length;
  }
}

/** Where an array lies, for the words of a program. The array must be kept alive with the program. */
export function addressOf(array: Array32): number {
  return registeredBackend().addon.addressOf(array);
}

/** Floats in a vector of this machine's kernels. */
export function vectorLanes(): number {
  return registeredBackend().addon.lanes;
}
