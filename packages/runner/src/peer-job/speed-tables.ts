/** Tables that `speed --table` measures: a part of what a benchmark declares at its scale `cpu`. */
import type { Filter } from '../plan/filter.ts';

export interface SpeedTable {
  readonly benchmark: string;
  /** Of the declared trials, those that fit; as `run --filter` has it. */
  readonly filters: readonly Filter[];
  /** How many; absent: as many as the benchmark declares. */
  readonly seeds?: number;
}

const filters = (key: string, ...values: readonly string[]): readonly Filter[] =>
  values.map((value) => ({ key, value }));

/** The eight series of the table that the README tells everybody to run first. */
const series = filters(
  'series',
  'global, one-shot',
  'layer-wise uniform, one-shot',
  'layer-wise ERK, one-shot',
  'global, iterative',
  'layer-wise uniform, iterative',
  'layer-wise ERK, iterative',
  'random',
  'shuffled mask',
);

const lenet300 = filters('network', 'lenet-300-100');

export const speedTables: ReadonlyMap<string, SpeedTable> = new Map([
  [
    'bench',
    { benchmark: 'global-vs-layerwise', filters: [...lenet300, ...filters('sparsity', '0.9', '0.98'), ...series] },
  ],
  ['global-vs-layerwise', { benchmark: 'global-vs-layerwise', filters: [...lenet300, ...series] }],
  ['snip-lenets-lenet-5', { benchmark: 'snip-lenets', filters: filters('network', 'lenet-5-caffe') }],
  ['global-vs-layerwise-cifar10', { benchmark: 'global-vs-layerwise-cifar10', filters: [], seeds: 1 }],
]);
