import type { Operation, Product, Program, TensorShape } from '../graph/operations.ts';
import { type CsrMatrix, eachWeight } from '../storage/csr.ts';

/** The program with strided products as products of stride 1 over the phases of their inputs. */
export function splitPhases(program: Program): Program {
  const tensors: TensorShape[] = [...program.tensors];
  const operations = program.operations.flatMap((operation): Operation[] => {
    if (operation.kind !== 'product') return [operation];
    const [strideY, strideX] = operation.window.strides;
    if (strideY === 1 && strideX === 1) return [operation];
    const { phase, product } = asUnitStride(operation, tensors, tensors.length);
    tensors.push(phase);
    const { top, left, strides } = operation.window;
    return [{ kind: 'phases', input: operation.input, output: tensors.length - 1, strides, top, left }, product];
  });
  return { ...program, tensors, operations };
}

function asUnitStride(product: Product, tensors: readonly TensorShape[], phaseId: number) {
  const { strides, size, dilation } = product.window;
  const [strideY, strideX] = strides;
  const input = tensors[product.input];
  const output = tensors[product.output];
  const extent = (axis: 0 | 1, outSize: number) =>
    Math.ceil(((outSize - 1) * strides[axis] + (size[axis] - 1) * dilation[axis] + 1) / strides[axis]);
  const phase = {
    channels: input.channels * strideY * strideX,
    height: extent(0, output.height),
    width: extent(1, output.width),
  };
  const reach = (axis: 0 | 1) => Math.floor(((size[axis] - 1) * dilation[axis]) / strides[axis]) + 1;
  const window = { size: [reach(0), reach(1)], strides: [1, 1], dilation: [1, 1], top: 0, left: 0 } as const;
  const groupChannels = input.channels / product.groups;
  const phaseChannels = groupChannels * strideY * strideX;
  const columnOf = (column: number) => {
    const channel = column % groupChannels;
    const tap = Math.floor(column / groupChannels);
    const [y, x] = [Math.floor(tap / size[1]) * dilation[0], (tap % size[1]) * dilation[1]];
    const plane = (channel * strideY + (y % strideY)) * strideX + (x % strideX);
    return (Math.floor(y / strideY) * window.size[1] + Math.floor(x / strideX)) * phaseChannels + plane;
  };
  const columns = window.size[0] * window.size[1] * phaseChannels;
  const weights = withColumns(product.weights, columns, columnOf);
  return { phase, product: { ...product, input: phaseId, weights, window } };
}

/** The matrix with every weight moved to another column; columns ascend within rows again. */
function withColumns(matrix: CsrMatrix, columns: number, columnOf: (column: number) => number): CsrMatrix {
  const rows: { column: number; value: number }[][] = Array.from({ length: matrix.rows }, () => []);
  eachWeight(matrix, (row, column, value) => {
    rows[row].push({ column: columnOf(column), value });
  });
  const ordered = rows.flatMap((row) => row.sort((a, b) => a.column - b.column));
  return {
    rows: matrix.rows,
    columns,
    rowStarts: matrix.rowStarts,
    columnIndices: Int32Array.from(ordered, ({ column }) => column),
    values: Float32Array.from(ordered, ({ value }) => value),
  };
}
