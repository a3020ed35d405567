import { addressOf, programFormat, SparseProgram } from '@prunebench/backend-native';
import type { Operation, Product, Program } from '../graph/operations.ts';
import { blocksOf, type EntryTable, entriesOf, type FeatureTable, featuresOf, winogradEntries } from './entries.ts';
import { type CellLayout, type Plane, placeTensors, planesOf } from './layout.ts';
import { splitPhases } from './phases.ts';

/** How one product is computed. */
export interface ProductKernel {
  readonly format: 'csr' | 'bsr' | 'dense';
  /** Dense only: minimal filtering instead of the plain sum. */
  readonly winograd: boolean;
  /** Cells that are computed at once. */
  readonly rows: number;
  readonly columns: number;
  /** Passes over the input channels. */
  readonly passes: number;
}

/** How each product is computed, by layer name. */
export type Kernels = ReadonlyMap<string, ProductKernel>;

export interface Encoding {
  readonly layout: CellLayout;
  /** Floats of a vector on this machine. */
  readonly lanes: number;
  /** Leaves out loading the batch and storing the result, to time what is between. */
  readonly bare?: boolean;
}

/** An operation before it is laid out: kind, tensors, parameters. */
type Row = readonly [
  kind: (typeof programFormat.kinds)[number],
  ends: { readonly input?: number; readonly output?: number; readonly other?: number | undefined },
  parameters: readonly number[],
];

let identities = 0;
/** Tells programs apart, also those of other JavaScript threads that share the kernels. */
const process = Math.floor(Math.random() * 2 ** 30);

/** Lays a program out for the interpreter. */
export function encode(program: Program, kernels: Kernels, { layout, lanes, bare = false }: Encoding): SparseProgram {
  const split = layout.mode === 'image' ? splitPhases(program) : program;
  const planes = planesOf(split, layout);
  const arena = placeTensors(split, planes, layout);
  const arrays: ArrayBufferView[] = [];
  const keep = <T extends Float32Array | Int32Array>(array: T): number => {
    arrays.push(array);
    return addressOf(array);
  };
  const valueWords = (id: number | undefined): number[] => {
    if (id === undefined) return Array<number>(8).fill(0);
    const { channels, height, width, rows, pitch, top, left } = planes[id];
    return [arena.offsets[id], channels, height, width, rows, pitch, top, left];
  };
  const row = (...[kind, ends, parameters]: Row): number[] => {
    const padding = Array<number>(programFormat.parameters - parameters.length).fill(0);
    const values = [ends.input, ends.output, ends.other].flatMap(valueWords);
    return [programFormat.kinds.indexOf(kind), ...values, ...parameters, ...padding];
  };
  const sizeOf = (id: number) => planes[id].channels * planes[id].height * planes[id].width;

  const body = split.operations.flatMap((operation) => {
    if (operation.kind !== 'product') return row(...plainOperation(operation, keep));
    const kernel = kernels.get(operation.name)!;
    const { input, output, residual: other } = operation;
    const { kind, table, parameters } = encodedProduct(operation, kernel, planes, { layout, lanes });
    const addresses = [keep(table.entries), keep(table.starts), keep(paddedBias(operation.bias))];
    return row(kind, { input, output, other }, [...addresses, ...parameters]);
  });
  const words = [
    process * 2 ** 20 + identities++,
    layout.vectors,
    arena.floats,
    split.operations.length + (bare ? 0 : 2),
    ...(bare ? [] : row('load', { output: split.input }, [sizeOf(split.input)])),
    ...body,
    ...(bare ? [] : row('store', { input: split.output }, [sizeOf(split.output)])),
  ];
  return new SparseProgram(Float64Array.from(words), arrays);
}

/** Blocks read whole groups of biases. */
function paddedBias(bias: Float32Array): Float32Array {
  const padded = new Float32Array(Math.ceil(bias.length / programFormat.blockRows) * programFormat.blockRows);
  padded.set(bias);
  return padded;
}

interface EncodedProduct {
  readonly kind: Row[0];
  readonly table: EntryTable;
  readonly parameters: readonly number[];
}

function encodedProduct(
  product: Product,
  kernel: ProductKernel,
  planes: readonly Plane[],
  { layout, lanes }: Encoding,
): EncodedProduct {
  const { format, winograd, passes } = kernel;
  const { mode, floats, vectors } = layout;
  const input = planes[product.input];
  if (winograd)
    return {
      kind: 'winograd',
      table: winogradEntries(product, input.channels, vectors, lanes),
      parameters: winogradParameters(product),
    };
  if (format !== 'csr')
    return {
      kind: 'blocks',
      table: blocksOf(product, input, floats, passes, format === 'dense'),
      parameters: productParameters(product, kernel),
    };
  if (mode === 'tile' && isOfFeatures(product, planes)) {
    const table = featuresOf(product, floats, passes);
    return { kind: 'features', table, parameters: featureParameters(product, table) };
  }
  return {
    kind: 'entries',
    table: entriesOf(product, input, floats, passes),
    parameters: productParameters(product, kernel),
  };
}

/** Whether all that a product reads and writes are single cells. */
function isOfFeatures({ input, output, residual, groups }: Product, planes: readonly Plane[]): boolean {
  const ends = residual === undefined ? [input, output] : [input, output, residual];
  return groups === 1 && ends.every((id) => planes[id].rows * planes[id].pitch === 1);
}

function featureParameters({ relu, residual }: Product, { passes, share }: FeatureTable): number[] {
  return [passes, share, Number(relu), Number(residual !== undefined)];
}

function productParameters({ window, relu, residual }: Product, { rows, columns, passes }: ProductKernel): number[] {
  const { strides, top, left } = window;
  return [passes, Number(relu), ...strides, top, left, rows, columns, Number(residual !== undefined)];
}

function winogradParameters({ window, relu, residual }: Product): number[] {
  return [Number(relu), window.top, window.left, Number(residual !== undefined)];
}

function plainOperation(
  operation: Exclude<Operation, Product>,
  keep: (array: Float32Array | Int32Array) => number,
): Row {
  const ends = { input: operation.input, output: operation.output };
  switch (operation.kind) {
    case 'maxPool':
    case 'avgPool': {
      const { size, strides, top, left } = operation.window;
      return [operation.kind, ends, [...size, ...strides, top, left]];
    }
    case 'scaleShift':
      return [operation.kind, ends, [keep(operation.scale), keep(operation.shift), 0]];
    case 'activation':
      return [operation.kind, ends, [['relu', 'tanh', 'sigmoid'].indexOf(operation.activation)]];
    case 'subsamplePad':
      return [operation.kind, ends, [operation.stride, operation.before]];
    case 'phases':
      return [operation.kind, ends, [...operation.strides, operation.top, operation.left]];
    case 'add':
      return [operation.kind, { ...ends, other: operation.other }, [0]];
    default:
      return [operation.kind, ends, []];
  }
}
