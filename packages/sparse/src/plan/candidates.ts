import type { Product, TensorShape } from '../graph/operations.ts';
import { densityOf } from '../storage/csr.ts';
import type { ProductKernel } from './encode.ts';
import { blockDensity } from './entries.ts';
import type { CellLayout } from './layout.ts';

/** What a pass over the input channels may read and stay in the first-level cache. */
const PASS_BYTES = 24 * 1024;
/** The same for products of features: the first-level cache (all of it, since they come back to cells at random), or half as many passes. */
const FEATURE_PASS_BYTES = [44 * 1024, 104 * 1024];
/** A pass with fewer weights per output than this spends its time on loading and storing sums. */
const WEIGHTS_PER_PASS = 4;
/** Blocks that are mostly zeros cannot win: they are four times as many weights as were kept, at best as fast as dense. */
const BLOCK_FILL = 2.5;

const tiles = {
  features: [[1, 8]],
  csr: [
    [1, 8],
    [2, 4],
    [1, 16],
    [4, 4],
    [2, 2],
  ],
  blocks: [
    [1, 4],
    [2, 2],
  ],
  image: [
    [1, 8],
    [1, 4],
  ],
} as const;

/** The ways to compute a product that are worth timing. */
export function candidateKernels(
  product: Product,
  input: TensorShape,
  output: TensorShape,
  layout: CellLayout,
): readonly ProductKernel[] {
  if (layout.mode === 'image') return tiles.image.map(([rows, columns]) => csr(rows, columns, 1));
  const isFeatures = output.height * output.width === 1;
  const found = new Map<string, ProductKernel>();
  const add = (kernel: ProductKernel) => {
    // Two tiles that are cut to the same size by a small image are one candidate.
    const rows = Math.min(kernel.rows, output.height);
    const columns = Math.min(kernel.columns, output.width * layout.vectors);
    found.set(JSON.stringify([kernel.format, kernel.winograd, rows, columns, kernel.passes]), kernel);
  };
  for (const [rows, columns] of isFeatures ? tiles.features : tiles.csr)
    for (const passes of passCounts(product, input, layout, rows, columns)) add(csr(rows, columns, passes));
  if (product.groups > 1) return [...found.values()];
  const fill = blockDensity(product.weights) / densityOf(product.weights);
  for (const [rows, columns] of isFeatures ? tiles.features : tiles.blocks) {
    if (fill <= BLOCK_FILL) add({ format: 'bsr', winograd: false, rows, columns, passes: 1 });
    add({ format: 'dense', winograd: false, rows, columns, passes: 1 });
  }
  if (canWinograd(product)) add({ format: 'dense', winograd: true, rows: 1, columns: 1, passes: 1 });
  return [...found.values()];
}

function csr(rows: number, columns: number, passes: number): ProductKernel {
  return { format: 'csr', winograd: false, rows, columns, passes };
}

/** One pass over all channels, and as many as keep the input of a tile in a cache. */
function passCounts(
  { window, weights, groups }: Product,
  input: TensorShape,
  { floats, vectors }: CellLayout,
  rows: number,
  columns: number,
): readonly number[] {
  const extent = (axis: 0 | 1, cells: number) =>
    (cells - 1) * window.strides[axis] + (window.size[axis] - 1) * window.dilation[axis] + 1;
  const cells = extent(0, rows) * extent(1, Math.max(1, Math.floor(columns / vectors)));
  const bytes = input.channels * cells * floats * 4;
  const useful = Math.floor(weights.values.length / (Math.max(1, weights.rows) * WEIGHTS_PER_PASS));
  const most = Math.max(1, Math.min(useful, Math.floor(input.channels / groups)));
  const isFeatures = input.height * input.width === 1;
  const fitting = (isFeatures ? FEATURE_PASS_BYTES : [PASS_BYTES]).map((share) => Math.ceil(bytes / share));
  return [...new Set([1, ...fitting.map((passes) => Math.min(passes, most))])];
}

function canWinograd({ window, groups }: Product): boolean {
  const { size, strides, dilation } = window;
  return groups === 1 && String([size, strides, dilation]) === '3,3,1,1,1,1';
}
