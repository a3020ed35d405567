import {
  checkMasksOf,
  type Masks,
  type ParameterArray,
  type ParameterRecord,
  PrunebenchError,
  type State,
} from '@prunebench/core';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@prunebench/interop';
import { type CsrMatrix, csrFromKernel, kernelFromCsr, maskOfCsr } from '../storage/csr.ts';
import { matrixShape } from '../storage/kernel-matrix.ts';

/*
 * A pruned network as a safetensors file. A masked kernel is stored as compressed sparse rows under its name, one row per output
 * unit, where that is smaller than the dense kernel:
 *
 *   <name>:row_starts  I32 [outputs + 1]
 *   <name>:columns     I32 [kept weights], ascending within a row; column = flat index of the kernel / outputs
 *   <name>:values      F32 [kept weights]
 *
 * and its shape as JSON in the metadata under "shape:<name>". Everything else is an F32 tensor under its own name, zeros where the
 * mask has removed values.
 */
const FORMAT = 'prunebench-sparse-1';
const PARTS = { rowStarts: ':row_starts', columns: ':columns', values: ':values' } as const;

/** The network's parameters with removed values as zeros, as plain dense tensors: what any safetensors reader understands. */
export function encodeDense({ parameters, masks }: State): Uint8Array {
  return encodeSafetensors({ tensors: maskedTensors(parameters, masks), metadata: {} });
}

/** The same parameters with masked kernels as compressed rows. */
export function encodeSparse({ parameters, masks }: State): Uint8Array {
  const tensors: Record<string, SafetensorsTensor> = maskedTensors(parameters, masks);
  const metadata: Record<string, string> = { format: FORMAT };
  for (const [name, mask] of Object.entries(masks)) {
    const parameter = parameters[name];
    if (!name.endsWith('/kernel')) continue;
    const matrix = csrFromKernel(parameter, mask);
    const bytes = matrix.rowStarts.byteLength + matrix.columnIndices.byteLength + matrix.values.byteLength;
    if (bytes >= parameter.values.byteLength) continue;
    delete tensors[name];
    metadata[`shape:${name}`] = JSON.stringify(parameter.shape);
    tensors[name + PARTS.rowStarts] = vector(matrix.rowStarts);
    tensors[name + PARTS.columns] = vector(matrix.columnIndices);
    tensors[name + PARTS.values] = vector(matrix.values);
  }
  return encodeSafetensors({ tensors, metadata });
}

/**
 * Reads what `encodeSparse` wrote: parameters, and the masks of the kernels that were compressed.
 *
 * @param source how errors call the bytes, e.g. the file's path
 * @throws PrunebenchError when they are corrupt, or no such file
 */
export function decodeSparse(bytes: Uint8Array, source = 'sparse safetensors data'): State {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const fault = (reason: string) =>
    new PrunebenchError(`${source} is no sparse network: ${reason}.`, {
      remedy: 'Export the trial again with --sparse.',
    });
  if (metadata.format !== FORMAT) throw fault(`its format is ${JSON.stringify(metadata.format)}, not ${FORMAT}`);
  const parameters: Record<string, ParameterArray> = {};
  const masks: Record<string, Uint8Array> = {};
  const parts = Object.values(PARTS);
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (parts.some((part) => name.endsWith(part))) continue;
    if (!(values instanceof Float32Array)) throw fault(`${name} is not of type F32`);
    parameters[name] = { shape, values };
  }
  for (const [key, text] of Object.entries(metadata)) {
    if (!key.startsWith('shape:')) continue;
    const name = key.slice('shape:'.length);
    const shape = JSON.parse(text) as number[];
    const matrix = checkedMatrix(name, shape, tensors, fault);
    parameters[name] = kernelFromCsr(matrix, shape);
    masks[name] = maskOfCsr(matrix);
  }
  return { parameters, masks };
}

/** Bytes of the two files. */
export function fileSizes(state: State): { readonly dense: number; readonly sparse: number } {
  return { dense: encodeDense(state).length, sparse: encodeSparse(state).length };
}

function maskedTensors(parameters: ParameterRecord, masks: Masks): Record<string, SafetensorsTensor> {
  checkMasksOf(parameters, masks);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, values }]) => {
      const mask = masks[name];
      return [name, { shape, values: mask ? values.map((value, i) => (mask[i] === 0 ? 0 : value)) : values }];
    }),
  );
}

function vector(values: Int32Array | Float32Array): SafetensorsTensor {
  return { shape: [values.length], values };
}

function checkedMatrix(
  name: string,
  shape: readonly number[],
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  fault: (reason: string) => PrunebenchError,
): CsrMatrix {
  const { rows, columns } = matrixShape(shape);
  const rowStarts = tensors[name + PARTS.rowStarts]?.values;
  const columnIndices = tensors[name + PARTS.columns]?.values;
  const values = tensors[name + PARTS.values]?.values;
  if (!(rowStarts instanceof Int32Array && columnIndices instanceof Int32Array && values instanceof Float32Array))
    throw fault(`a part of ${name} is missing or of the wrong type`);
  const rising = rowStarts.every((start, i) => start >= (i === 0 ? 0 : rowStarts[i - 1]));
  const fits = rowStarts.length === rows + 1 && rowStarts[0] === 0 && rowStarts[rows] === values.length && rising;
  if (!fits || columnIndices.length !== values.length)
    throw fault(`the rows of ${name} do not fit its shape [${shape}]`);
  if (columnIndices.some((column) => column < 0 || column >= columns))
    throw fault(`${name} has a column outside of [${shape}]`);
  return { rows, columns, rowStarts, columnIndices, values };
}
