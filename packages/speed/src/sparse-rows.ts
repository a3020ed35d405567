import type { Ratio } from './turns.ts';

/** One line of results/speed-sparse.csv. */
export interface SparseRow {
  /** `product`: matrix times batch; `layer`: a single layer as a network; `inference`, `training`: whole networks. */
  readonly what: 'product' | 'layer' | 'inference' | 'training';
  /** Matrix size, layer shape or network. */
  readonly name: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly sparsity: number;
  /** How ours ran: format or kind of the compiled network. */
  readonly format: string;
  readonly ourMilliseconds: number;
  /** Our own dense kernels, the fastest of those that there are. */
  readonly denseMilliseconds: number | null;
  readonly torchMilliseconds: number | null;
  readonly torchSparseMilliseconds: number | null;
  readonly scipyMilliseconds: number | null;
  readonly theoretical: number;
  /** Their time / ours: medians of rounds, and the range of the first. */
  readonly overDense: number | null;
  readonly overDenseMin: number | null;
  readonly overDenseMax: number | null;
  readonly overTorch: number | null;
  readonly overTorchSparse: number | null;
  readonly overScipy: number | null;
}

export function ratioColumns(dense: Ratio | null, torch: Ratio | null, torchSparse: Ratio | null, scipy: Ratio | null) {
  return {
    overDense: dense?.median ?? null,
    overDenseMin: dense?.min ?? null,
    overDenseMax: dense?.max ?? null,
    overTorch: torch?.median ?? null,
    overTorchSparse: torchSparse?.median ?? null,
    overScipy: scipy?.median ?? null,
  };
}
