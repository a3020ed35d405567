import { PrunebenchError, type State, sizeOf } from '@prunebench/core';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Fault,
  MASK,
  type SafetensorsTensor,
  shown,
  type Tensors,
} from '@prunebench/interop';
import { type CsrMatrix, csrBytes, csrFromKernel, kernelFromCsr, maskOfCsr } from '../storage/csr.ts';
import { matrixShape } from '../storage/kernel-matrix.ts';
import { describeState, encodeDense, type Metadata, restoreState } from './dense-file.ts';

/*
 * A pruned network as a safetensors file that is smaller. A masked kernel is stored as compressed sparse rows under its name, one
 * row per output unit, where that is smaller than the dense kernel:
 *
 *   <name>:row_starts  I32 [outputs + 1]
 *   <name>:columns     I32 [kept weights], ascending within a row; column = flat index of the kernel / outputs
 *   <name>:values      F32 [kept weights]
 *
 * and its shape as JSON in the metadata under "shape:<name>"; its mask keeps what is stored. Everything else is as in a dense file:
 * see dense-file.ts. Files of format 1 had no other masks, and no checksum.
 */
const FORMAT = 'prunebench-sparse-2';
const READABLE = ['prunebench-sparse-1', FORMAT];
const PARTS = { rowStarts: ':row_starts', columns: ':columns', values: ':values' } as const;
const SHAPE = 'shape:';
/**
 * How many weights one byte of compressed rows may stand for, so that a file of a kilobyte cannot ask for terabytes of zeros. An
 * output without a single weight takes four bytes, so kernels of up to 16,384 inputs are compressed however empty they are.
 */
const WEIGHTS_PER_BYTE = 4096;

/** The same network as `encodeDense` writes, with masked kernels as compressed rows. */
export function encodeSparse(state: State): Uint8Array {
  const rows = compressibleKernels(state);
  const { tensors, metadata } = describeState(state, new Set(rows.keys()));
  const shapes = [...rows.keys()].map((name) => [SHAPE + name, JSON.stringify(state.parameters[name].shape)]);
  // The parts stand where the kernel stood: a reader finds the layers in their order.
  const stored = Object.entries(tensors).flatMap(([name, tensor]) => {
    const matrix = rows.get(name);
    return matrix ? partsOf(name, matrix) : [[name, tensor] as const];
  });
  return encodeSafetensors({
    tensors: Object.fromEntries(stored),
    metadata: { format: FORMAT, ...metadata, ...Object.fromEntries(shapes) },
  });
}

function compressibleKernels({ parameters, masks }: State): ReadonlyMap<string, CsrMatrix> {
  const rows = new Map<string, CsrMatrix>();
  for (const [name, mask] of Object.entries(masks)) {
    if (!name.endsWith('/kernel') || !Object.hasOwn(parameters, name)) continue;
    const { values } = parameters[name];
    // Not here, but where all masks are checked.
    if (mask.length !== values.length) continue;
    const matrix = csrFromKernel(parameters[name], mask);
    const bytes = csrBytes(matrix);
    if (bytes < values.byteLength && values.length <= bytes * WEIGHTS_PER_BYTE) rows.set(name, matrix);
  }
  return rows;
}

function partsOf(name: string, { rowStarts, columnIndices, values }: CsrMatrix): [string, SafetensorsTensor][] {
  return [
    [name + PARTS.rowStarts, vector(rowStarts)],
    [name + PARTS.columns, vector(columnIndices)],
    [name + PARTS.values, vector(values)],
  ];
}

/**
 * Reads what `encodeSparse` wrote: the whole state, parameters in the order of their layers.
 *
 * @param source how errors call the bytes, e.g. the file's path
 * @throws PrunebenchError when they are corrupt, or are no such file
 * @throws DivergenceError naming the first parameter that is not finite, with its index
 */
export function decodeSparse(bytes: Uint8Array, source = 'sparse safetensors data'): State {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const fault = (reason: string) =>
    new PrunebenchError(`${source} is no sparse network: ${reason}.`, {
      remedy: 'Export the trial again with --sparse.',
    });
  if (!READABLE.includes(metadata.format)) throw fault(`its format is ${shown(metadata.format)}, not ${FORMAT}`);
  return restoreState(expand(tensors, metadata, fault), metadata, source, fault);
}

/** The tensors with dense kernels and their masks in the place of compressed rows. */
function expand(tensors: Tensors, metadata: Metadata, fault: Fault): Tensors {
  const kernels = new Map<string, StoredKernel>();
  for (const [key, shape] of Object.entries(metadata)) {
    if (!key.startsWith(SHAPE)) continue;
    const name = key.slice(SHAPE.length);
    kernels.set(name + PARTS.values, checkedKernel(name, parsedShape(name, shape, fault), tensors, fault));
  }
  const indices = new Set([...kernels.values()].flatMap(({ name }) => [name + PARTS.rowStarts, name + PARTS.columns]));
  const expanded = new Map<string, SafetensorsTensor>();
  const add = (name: string, tensor: SafetensorsTensor) => {
    if (expanded.has(name)) throw fault(`it has ${name} twice`);
    expanded.set(name, tensor);
  };
  for (const [key, tensor] of Object.entries(tensors)) {
    const kernel = kernels.get(key);
    if (kernel) {
      add(kernel.name, kernelFromCsr(kernel.matrix, kernel.shape));
      add(MASK + kernel.name, { shape: kernel.shape, values: maskOfCsr(kernel.matrix) });
    } else if (!indices.has(key)) add(key, tensor);
  }
  return Object.fromEntries(expanded);
}

/** Bytes of the two files. */
export function fileSizes(state: State): { readonly dense: number; readonly sparse: number } {
  return { dense: encodeDense(state).length, sparse: encodeSparse(state).length };
}

function vector(values: Int32Array | Float32Array): SafetensorsTensor {
  return { shape: [values.length], values };
}

interface StoredKernel {
  readonly name: string;
  readonly shape: readonly number[];
  readonly matrix: CsrMatrix;
}

function parsedShape(name: string, text: string, fault: Fault): readonly number[] {
  let shape: unknown;
  try {
    shape = JSON.parse(text);
  } catch {
    // What it is instead says the error below.
  }
  if (Array.isArray(shape) && shape.length > 0 && shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    return shape;
  throw fault(`the shape of ${name} is ${shown(text)}, no list of sizes`);
}

function checkedKernel(name: string, shape: readonly number[], tensors: Tensors, fault: Fault): StoredKernel {
  const part = (suffix: string) => (Object.hasOwn(tensors, name + suffix) ? tensors[name + suffix].values : undefined);
  const { rows, columns } = matrixShape(shape);
  const [rowStarts, columnIndices, values] = [part(PARTS.rowStarts), part(PARTS.columns), part(PARTS.values)];
  if (!(rowStarts instanceof Int32Array && columnIndices instanceof Int32Array && values instanceof Float32Array))
    throw fault(`a part of ${name} is missing or of the wrong type`);
  const rising = rowStarts.every((start, i) => start >= (i === 0 ? 0 : rowStarts[i - 1]));
  const fits = rowStarts.length === rows + 1 && rowStarts[0] === 0 && rowStarts[rows] === values.length && rising;
  if (!fits || columnIndices.length !== values.length)
    throw fault(`the rows of ${name} do not fit its shape [${shape}]`);
  const matrix = { rows, columns, rowStarts, columnIndices, values };
  if (!(sizeOf(shape) <= csrBytes(matrix) * WEIGHTS_PER_BYTE))
    throw fault(`${csrBytes(matrix)} bytes of ${name} cannot stand for its shape [${shape}]`);
  if (columnIndices.some((column) => column < 0 || column >= columns))
    throw fault(`${name} has a column outside of [${shape}]`);
  if (!risesWithinRows(matrix)) throw fault(`the columns of ${name} do not rise within a row`);
  return { name, shape, matrix };
}

function risesWithinRows({ rowStarts, columnIndices }: CsrMatrix): boolean {
  const starts = new Set(rowStarts);
  return columnIndices.every((column, i) => starts.has(i) || column > columnIndices[i - 1]);
}
