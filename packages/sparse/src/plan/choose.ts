import type { Product, Program, TensorShape } from '../graph/operations.ts';
import { densityOf } from '../storage/csr.ts';
import { candidateKernels } from './candidates.ts';
import { encode, type Kernels, type ProductKernel } from './encode.ts';
import { blockDensity } from './entries.ts';
import type { CellLayout } from './layout.ts';
import { bestTimes } from './time.ts';
import type { TimingCache } from './timing-cache.ts';

/** One way to compute a product, with the time of a tile of images (or of a single image). */
export interface TimedKernel {
  readonly kernel: ProductKernel;
  readonly milliseconds: number;
}

/** For each product of a program, by layer name, its ways from fastest to slowest. */
export type Timings = ReadonlyMap<string, readonly TimedKernel[]>;

/** Times what each product could be computed with, each kernel alone on one thread with its tile in the cache. */
export function timeProducts(program: Program, layout: CellLayout, lanes: number, cache: TimingCache): Timings {
  const timings = new Map<string, readonly TimedKernel[]>();
  for (const operation of program.operations) {
    if (operation.kind !== 'product') continue;
    const alone = aloneProgram(operation, program);
    const [input, output] = alone.tensors;
    const kernels = candidateKernels(operation, input, output, layout);
    const names = kernels.map((kernel) => kernelName(kernel, operation));
    const milliseconds = cache.times(productKey(operation, alone.tensors, layout), names, () =>
      bestTimes(kernels.map((kernel) => aloneRunner(alone, operation.name, kernel, layout, lanes))),
    );
    const timed = kernels.map((kernel, i) => ({ kernel, milliseconds: milliseconds[i] }));
    timings.set(
      operation.name,
      timed.sort((a, b) => a.milliseconds - b.milliseconds),
    );
  }
  return timings;
}

/** The fastest kernel of each product, among those of one format where one is asked for. */
export function fastestKernels(timings: Timings, format?: ProductKernel['format']): Kernels {
  return new Map(
    [...timings].map(([name, timed]) => [
      name,
      (timed.find(({ kernel }) => !format || kernel.format === format) ?? timed[0]).kernel,
    ]),
  );
}

/** A program of this product alone: tensors 0 in, 1 out, 2 residual. */
function aloneProgram(product: Product, { tensors }: Program): Program {
  const residual = product.residual === undefined ? [] : [tensors[product.residual]];
  return {
    tensors: [tensors[product.input], tensors[product.output], ...residual],
    input: 0,
    output: 1,
    operations: [{ ...product, input: 0, output: 1, residual: residual.length > 0 ? 2 : undefined }],
  };
}

function aloneRunner(
  program: Program,
  name: string,
  kernel: ProductKernel,
  layout: CellLayout,
  lanes: number,
): () => void {
  const compiled = encode(program, new Map([[name, kernel]]), { layout, lanes, bare: true });
  const nothing = new Float32Array(1);
  const images = layout.mode === 'image' ? 1 : layout.floats;
  return () => compiled.run(nothing, images, nothing);
}

function productKey(
  { window, groups, weights, residual }: Product,
  tensors: readonly TensorShape[],
  layout: CellLayout,
): string {
  const [input, output] = tensors.map(({ height, width, channels }) => `${height}x${width}x${channels}`);
  const { size, strides, dilation } = window;
  return [
    `${layout.mode}${layout.vectors}`,
    `${input}->${output}`,
    `${size.join('x')}/${strides.join('x')}/${dilation.join('x')}/${groups}${residual === undefined ? '' : '+'}`,
    densityOf(weights).toPrecision(2),
  ].join(' ');
}

function kernelName({ format, winograd, rows, columns, passes }: ProductKernel, { weights }: Product): string {
  const blocks = format === 'bsr' ? ` ${blockDensity(weights).toPrecision(2)}` : '';
  return `${winograd ? 'winograd' : format} ${rows}x${columns}x${passes}${blocks}`;
}
