import type { ParameterArray } from '@prunebench/core';
import { csrFromKernel, eachWeight } from './csr.ts';
import { type MatrixShape, matrixShape } from './kernel-matrix.ts';

export interface BlockShape {
  readonly height: number;
  readonly width: number;
}

/**
 * Block-sparse rows: the matrix is cut into blocks of `block.height` outputs times `block.width` inputs (the last ones padded with
 * zeros), and a block is stored whole as soon as one of its weights is kept. Block i, row-major in `values`, belongs to block
 * column `columnIndices[i]` of the block row whose range in `rowStarts` holds i.
 */
export interface BsrMatrix extends MatrixShape {
  readonly block: BlockShape;
  /** [ceil(rows / block.height) + 1] */
  readonly rowStarts: Int32Array;
  readonly columnIndices: Int32Array;
  /** [blocks, block.height, block.width] */
  readonly values: Float32Array;
}

/** The blocks of a kernel that hold a kept weight. */
export function bsrFromKernel(kernel: ParameterArray, block: BlockShape, mask?: Uint8Array): BsrMatrix {
  if (!(block.height >= 1 && block.width >= 1))
    throw new Error(`A block of ${block.height} x ${block.width} is empty.`);
  const csr = csrFromKernel(kernel, mask);
  const { rows, columns } = csr;
  const blockRows = Math.ceil(rows / block.height);
  const blockColumns = Math.ceil(columns / block.width);
  const occupied = new Uint8Array(blockRows * blockColumns);
  const blockOf = (row: number, column: number) =>
    Math.floor(row / block.height) * blockColumns + Math.floor(column / block.width);
  eachWeight(csr, (row, column) => {
    occupied[blockOf(row, column)] = 1;
  });
  const rowStarts = new Int32Array(blockRows + 1);
  const place = new Int32Array(occupied.length);
  let blocks = 0;
  for (let i = 0; i < occupied.length; i++) {
    if (i % blockColumns === 0) rowStarts[i / blockColumns] = blocks;
    if (occupied[i]) place[i] = blocks++;
  }
  rowStarts[blockRows] = blocks;
  const columnIndices = new Int32Array(blocks);
  for (let i = 0; i < occupied.length; i++) if (occupied[i]) columnIndices[place[i]] = i % blockColumns;
  const values = new Float32Array(blocks * block.height * block.width);
  eachWeight(csr, (row, column, value) => {
    const inside = (row % block.height) * block.width + (column % block.width);
    values[place[blockOf(row, column)] * block.height * block.width + inside] = value;
  });
  return { rows, columns, block, rowStarts, columnIndices, values };
}

/** The dense kernel of this shape, zeros outside the blocks. */
export function kernelFromBsr(matrix: BsrMatrix, shape: readonly number[]): ParameterArray {
  const { rows, columns } = matrixShape(shape);
  if (rows !== matrix.rows || columns !== matrix.columns)
    throw new Error(`A ${matrix.rows} x ${matrix.columns} matrix is no kernel of shape [${shape}].`);
  const { height, width } = matrix.block;
  const values = new Float32Array(rows * columns);
  for (let blockRow = 0; blockRow + 1 < matrix.rowStarts.length; blockRow++)
    for (let i = matrix.rowStarts[blockRow]; i < matrix.rowStarts[blockRow + 1]; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const row = blockRow * height + y;
          const column = matrix.columnIndices[i] * width + x;
          if (row < rows && column < columns) values[column * rows + row] = matrix.values[(i * height + y) * width + x];
        }
  return { shape, values };
}

/** Bytes of the three arrays. */
export function bsrBytes({ rowStarts, columnIndices, values }: BsrMatrix): number {
  return rowStarts.byteLength + columnIndices.byteLength + values.byteLength;
}
