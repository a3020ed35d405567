import type { Benchmark } from '@prunebench/core';
import type { PublishedValue } from '../published.ts';
import { formatNumber } from './format.ts';

/** The columns of a size table in which published values stand. */
export type SizePlace = 'parameters' | 'weights' | 'validation' | 'test';

/** The column of a size table in which a published value stands; null where none fits. */
export function sizePlace({ row }: PublishedValue, benchmark: Benchmark): SizePlace | null {
  if (row.metric === 'number of weights (incl. biases)') return 'parameters';
  if (row.metric === COMPRESSION) return 'weights';
  if (row.metric === 'train accuracy %' && benchmark.validationName === 'training set') return 'validation';
  return row.metric === 'test accuracy %' || row.metric === ERROR ? 'test' : null;
}

const COMPRESSION = 'compression |W|/|W!=0|';
const ERROR = 'test error %';

/** A published value as its column has it: compressions of the weights as such, errors as the accuracies that they are. */
export function printedSize({ row, error, recalled }: PublishedValue): string {
  const value =
    row.metric === COMPRESSION
      ? `${row.value}×`
      : row.metric === ERROR
        ? formatNumber(100 - error!, 4)
        : `${row.value}`;
  return `${value}${recalled ? '†' : ''}`;
}
