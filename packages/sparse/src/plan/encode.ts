import { addressOf, programFormat, SparseProgram } from '@prunebench/backend-native';
import type { Operation, Product, Program } from '../graph/operations.ts';
import { blocksOf, type EntryTable, entriesOf, featureTable, winogradEntries } from './entries.ts';
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

/** An operation before it is laid out: its parameters by name, its tensors by number. */
interface Row {
  readonly kind: string;
  readonly ends: { readonly input?: number; readonly output?: number; readonly other?: number | undefined };
  readonly parameters: Readonly<Record<string, number | boolean | string>>;
}

let identities = 0;
/** Tells programs apart, also those of other JavaScript threads that share the kernels. */
const process = Math.floor(Math.random() * 2 ** 30);

/** Lays a program out for the interpreter. */
export function encode(program: Program, kernels: Kernels, { layout, lanes, bare = false }: Encoding): SparseProgram {
  const format = programFormat();
  const split = layout.mode === 'image' ? splitPhases(program) : program;
  const planes = planesOf(split, layout);
  const arena = placeTensors(split, planes, layout);
  const arrays: ArrayBufferView[] = [];
  const keep: Keep = (array) => {
    arrays.push(array);
    return addressOf(array);
  };
  const placed = (id: number | undefined) => {
    if (id === undefined) return undefined;
    const { channels, height, width, rows, pitch, top, left } = planes[id];
    return { offset: arena.offsets[id], channels, height, width, rows, pitch, top, left };
  };
  const wordsOf = ({ kind, ends, parameters }: Row): number[] => {
    const values = { input: placed(ends.input), output: placed(ends.output), other: placed(ends.other) };
    return format.operation(kind, values, parameters);
  };
  const featuresIn = (id: number) => ({ features: planes[id].channels * planes[id].height * planes[id].width });

  const body = split.operations.map((operation) => {
    if (operation.kind !== 'product') return wordsOf(plainOperation(operation, keep));
    const kernel = kernels.get(operation.name)!;
    const { input, output, residual: other } = operation;
    const { kind, parameters } = encodedProduct(operation, kernel, planes, { layout, lanes, keep });
    return wordsOf({ kind, ends: { input, output, other }, parameters });
  });
  const load = { kind: 'load', ends: { output: split.input }, parameters: featuresIn(split.input) };
  const store = { kind: 'store', ends: { input: split.output }, parameters: featuresIn(split.output) };
  const header = {
    identity: process * 2 ** 20 + identities++,
    vectors: layout.vectors,
    arenaFloats: arena.floats,
  };
  return new SparseProgram(header, bare ? body : [wordsOf(load), ...body, wordsOf(store)], arrays);
}

/** Blocks read whole groups of biases. */
function paddedBias(bias: Float32Array): Float32Array {
  const { blockRows } = programFormat().tables;
  const padded = new Float32Array(Math.ceil(bias.length / blockRows) * blockRows);
  padded.set(bias);
  return padded;
}

/** An array whose address a program names. */
type Keep = (array: Float32Array | Int32Array) => number;

function encodedProduct(
  product: Product,
  kernel: ProductKernel,
  planes: readonly Plane[],
  { layout, lanes, keep }: { readonly layout: CellLayout; readonly lanes: number; readonly keep: Keep },
): Pick<Row, 'kind' | 'parameters'> {
  const { format, winograd, passes } = kernel;
  const { mode, floats, vectors } = layout;
  const input = planes[product.input];
  const bias = keep(paddedBias(product.bias));
  const common = { bias, relu: product.relu, residual: product.residual !== undefined };
  const tables = ({ entries, starts }: EntryTable) => ({ entries: keep(entries), starts: keep(starts) });
  if (winograd) {
    const { top: padTop, left: padLeft } = product.window;
    const table = winogradEntries(product, input.channels, vectors, lanes);
    return { kind: 'winograd', parameters: { ...tables(table), ...common, padTop, padLeft } };
  }
  if (format === 'csr' && mode === 'tile' && isOfFeatures(product, planes)) {
    const table = featureTable(product, floats, passes);
    const { passes: made, share } = table;
    const [fours, rows] = [keep(table.entries), keep(table.starts)];
    return { kind: 'features', parameters: { fours, rows, ...common, passes: made, share } };
  }
  const table =
    format === 'csr'
      ? entriesOf(product, input, floats, passes)
      : blocksOf(product, input, floats, passes, format === 'dense');
  const [strideY, strideX] = product.window.strides;
  const window = { strideY, strideX, padTop: product.window.top, padLeft: product.window.left };
  const tile = { passes, tileRows: kernel.rows, tileColumns: kernel.columns };
  return {
    kind: format === 'csr' ? 'entries' : 'blocks',
    parameters: { ...tables(table), ...common, ...window, ...tile },
  };
}

/** Whether all that a product reads and writes are single cells. */
function isOfFeatures({ input, output, residual, groups }: Product, planes: readonly Plane[]): boolean {
  const ends = residual === undefined ? [input, output] : [input, output, residual];
  return groups === 1 && ends.every((id) => planes[id].rows * planes[id].pitch === 1);
}

function plainOperation(operation: Exclude<Operation, Product>, keep: Keep): Row {
  const { kind } = operation;
  const ends = { input: operation.input, output: operation.output };
  switch (operation.kind) {
    case 'maxPool':
    case 'avgPool': {
      const { size, strides, top, left } = operation.window;
      const [[height, width], [strideY, strideX]] = [size, strides];
      return { kind, ends, parameters: { height, width, strideY, strideX, top, left } };
    }
    case 'scaleShift':
      return { kind, ends, parameters: { scale: keep(operation.scale), shift: keep(operation.shift), relu: false } };
    case 'activation':
      return { kind, ends, parameters: { function: operation.activation } };
    case 'subsamplePad':
      return { kind, ends, parameters: { stride: operation.stride, before: operation.before } };
    case 'phases': {
      const [strideY, strideX] = operation.strides;
      return { kind, ends, parameters: { strideY, strideX, top: operation.top, left: operation.left } };
    }
    case 'add':
      return { kind, ends: { ...ends, other: operation.other }, parameters: { relu: false } };
    default:
      return { kind, ends, parameters: {} };
  }
}
