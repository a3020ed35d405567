import type { Benchmark } from '@prunebench/core';
import type { PublishedValue } from '../published.ts';

/** The columns of a size table in which published values stand. */
export type SizePlace = 'parameters' | 'validation' | 'test';

/** The column of a size table in which a published value stands; null where none fits. */
export function sizePlace({ row }: PublishedValue, benchmark: Benchmark): SizePlace | null {
  if (row.metric === 'number of weights (incl. biases)') return 'parameters';
  if (row.metric === 'train accuracy %' && benchmark.validationName === 'training set') return 'validation';
  return row.metric === 'test accuracy %' ? 'test' : null;
}
