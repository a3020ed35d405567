import type { Product, Program } from '../graph/operations.ts';
import { type TimedKernel, type Timings, timeProducts } from '../plan/choose.ts';
import type { CellLayout } from '../plan/layout.ts';
import type { TimingCache } from '../plan/timing-cache.ts';
import { densityOf } from '../storage/csr.ts';

/** What was chosen for a layer, and what the alternatives would have taken. */
export interface LayerChoice {
  readonly layer: string;
  /** Rows (outputs) and columns (inputs of each) of the kernel, and what is left of them without dead channels. */
  readonly matrix: readonly [rows: number, columns: number];
  readonly shrunken: readonly [rows: number, columns: number];
  /** Kept weights / all weights of the whole kernel. */
  readonly density: number;
  readonly chosen: Format;
  /** Milliseconds of one tile of images on one thread; absent where the format cannot be, or was not worth timing. */
  readonly milliseconds: Readonly<Partial<Record<Format, number>>>;
}

export type Format = 'dense' | 'shrunken-dense' | 'csr' | 'bsr';

interface Context {
  readonly layout: CellLayout;
  readonly lanes: number;
  readonly cache: TimingCache;
  /** The network as a whole runs dense. */
  readonly isDense: boolean;
}

/** The choices for all layers, in the order in which they run. */
export function layerChoices(
  full: Program,
  program: Program,
  timings: Timings,
  context: Context,
): readonly LayerChoice[] {
  const products = (of: Program) => of.operations.filter((operation) => operation.kind === 'product');
  const originals = new Map(products(full).map((product) => [product.name, product]));
  const shrunken = products(program).filter(({ name, weights }) => !sameSize(weights, originals.get(name)!.weights));
  const unshrunken = timeProducts(onlyProducts(full, shrunken), context.layout, context.lanes, context.cache);
  return products(program).map((product) => {
    const original = originals.get(product.name)!;
    const isShrunken = !sameSize(product.weights, original.weights);
    const timed = timings.get(product.name)!;
    const labelOf = ({ kernel }: TimedKernel): Format =>
      kernel.format === 'dense' && isShrunken ? 'shrunken-dense' : kernel.format;
    const dense = unshrunken.get(product.name)?.find(({ kernel }) => kernel.format === 'dense');
    return {
      layer: product.name,
      matrix: [original.weights.rows, original.weights.columns],
      shrunken: [product.weights.rows, product.weights.columns],
      density: densityOf(original.weights),
      chosen: context.isDense ? 'dense' : labelOf(timed[0]),
      milliseconds: {
        ...(dense ? { dense: dense.milliseconds } : {}),
        // From slow to fast, so that the best of each format stays.
        ...Object.fromEntries(timed.toReversed().map((one) => [labelOf(one), one.milliseconds])),
      },
    };
  });
}

function sameSize(a: Product['weights'], b: Product['weights']): boolean {
  return a.rows === b.rows && a.columns === b.columns;
}

function onlyProducts(program: Program, named: readonly Product[]): Program {
  const names = new Set(named.map(({ name }) => name));
  const operations = program.operations.filter(
    (operation) => operation.kind === 'product' && names.has(operation.name),
  );
  return { ...program, operations };
}
