import type { ParameterArray } from '@prunebench/core';
import { keptPositions, type MatrixShape, matrixShape } from './kernel-matrix.ts';

/**
 * Compressed sparse rows: the kept weights of output unit r are `values[i]` at inputs `columnIndices[i]`, ascending, for i from
 * `rowStarts[r]` to `rowStarts[r + 1]`.
 */
export interface CsrMatrix extends MatrixShape {
  /** [rows + 1] */
  readonly rowStarts: Int32Array;
  readonly columnIndices: Int32Array;
  readonly values: Float32Array;
}

/** The kept weights of a kernel, see `keptPositions` for which they are. */
export function csrFromKernel(kernel: ParameterArray, mask?: Uint8Array): CsrMatrix {
  const { rows, columns } = matrixShape(kernel.shape);
  const isKept = keptPositions(kernel, mask);
  const rowStarts = new Int32Array(rows + 1);
  for (let i = 0; i < kernel.values.length; i++) if (isKept(i)) rowStarts[(i % rows) + 1]++;
  for (let row = 0; row < rows; row++) rowStarts[row + 1] += rowStarts[row];
  const columnIndices = new Int32Array(rowStarts[rows]);
  const values = new Float32Array(rowStarts[rows]);
  const next = rowStarts.slice(0, rows);
  for (let column = 0, i = 0; column < columns; column++)
    for (let row = 0; row < rows; row++, i++) {
      if (!isKept(i)) continue;
      const at = next[row]++;
      columnIndices[at] = column;
      values[at] = kernel.values[i];
    }
  return { rows, columns, rowStarts, columnIndices, values };
}

/** The dense kernel of this shape, zeros where nothing is stored. */
export function kernelFromCsr(matrix: CsrMatrix, shape: readonly number[]): ParameterArray {
  const { rows, columns } = matrixShape(shape);
  if (rows !== matrix.rows || columns !== matrix.columns)
    throw new Error(`A ${matrix.rows} x ${matrix.columns} matrix is no kernel of shape [${shape}].`);
  const values = new Float32Array(rows * columns);
  eachWeight(matrix, (row, column, value) => {
    values[column * rows + row] = value;
  });
  return { shape, values };
}

/** The positions that are stored, in the flat order of the kernel. */
export function maskOfCsr(matrix: CsrMatrix): Uint8Array {
  const mask = new Uint8Array(matrix.rows * matrix.columns);
  eachWeight(matrix, (row, column) => {
    mask[column * matrix.rows + row] = 1;
  });
  return mask;
}

/** Calls `visit` for every stored weight, row by row. */
export function eachWeight(
  { rows, rowStarts, columnIndices, values }: CsrMatrix,
  visit: (row: number, column: number, value: number, index: number) => void,
): void {
  for (let row = 0; row < rows; row++)
    for (let i = rowStarts[row]; i < rowStarts[row + 1]; i++) visit(row, columnIndices[i], values[i], i);
}

/** The transposed matrix, and for each of its weights where it stands in `matrix.values`. */
export function transposeCsr(matrix: CsrMatrix): { readonly matrix: CsrMatrix; readonly places: Int32Array } {
  const rowStarts = new Int32Array(matrix.columns + 1);
  for (const column of matrix.columnIndices) rowStarts[column + 1]++;
  for (let row = 0; row < matrix.columns; row++) rowStarts[row + 1] += rowStarts[row];
  const next = rowStarts.slice(0, matrix.columns);
  const columnIndices = new Int32Array(matrix.values.length);
  const values = new Float32Array(matrix.values.length);
  const places = new Int32Array(matrix.values.length);
  eachWeight(matrix, (row, column, value, index) => {
    const at = next[column]++;
    columnIndices[at] = row;
    values[at] = value;
    places[at] = index;
  });
  return { matrix: { rows: matrix.columns, columns: matrix.rows, rowStarts, columnIndices, values }, places };
}

/** Bytes of the three arrays. */
export function csrBytes({ rowStarts, columnIndices, values }: CsrMatrix): number {
  return rowStarts.byteLength + columnIndices.byteLength + values.byteLength;
}

/** Stored weights / all of them; 1 for a matrix without elements. */
export function densityOf({ rows, columns, values }: CsrMatrix): number {
  return rows * columns === 0 ? 1 : values.length / (rows * columns);
}
