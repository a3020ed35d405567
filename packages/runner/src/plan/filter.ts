import { axes, PrunebenchError, pointOf, type TrialDeclaration } from '@prunebench/core';
import { unknownName } from '../options/suggest.ts';
import type { Trial } from './plan.ts';

/** One `--filter key=value`. */
export interface Filter {
  readonly key: string;
  readonly value: string;
}

const FIELDS = [
  ...(['dataset', 'network', 'method', 'series'] satisfies (keyof TrialDeclaration)[]),
  ...axes,
  'control',
  'seed',
];

/**
 * Reads "key=value": a field of a trial, or an option of its method as "options.scope".
 *
 * @throws PrunebenchError for text without "=" and for an unknown field
 */
export function parseFilter(text: string): Filter {
  const at = text.indexOf('=');
  if (at <= 0)
    throw new PrunebenchError(`Filter "${text}" is not of the form key=value.`, {
      remedy: 'Write for instance --filter network=lenet-300-100.',
    });
  const key = text.slice(0, at).trim();
  if (!key.startsWith('options.') && !FIELDS.some((field) => field === key))
    throw unknownName('filter field', key, [...FIELDS, 'options.<name>']);
  return { key, value: text.slice(at + 1).trim() };
}

/**
 * The trials that fit: of several filters on one key one must hold, of filters on different keys each.
 *
 * @throws PrunebenchError when none is left, listing the values that occur
 */
export function filterTrials(trials: readonly Trial[], filters: readonly Filter[]): readonly Trial[] {
  const keys = [...new Set(filters.map(({ key }) => key))];
  return keys.reduce((left, key) => {
    const wanted = filters.filter((filter) => filter.key === key).map(({ value }) => value);
    const kept = left.filter((trial) => wanted.includes(filterValue(trial, key)));
    if (kept.length > 0) return kept;
    const values = [...new Set(left.map((trial) => filterValue(trial, key)))].sort();
    throw new PrunebenchError(`No trial has ${key} ${wanted.map((value) => `"${value}"`).join(' or ')}.`, {
      remedy: `Values that occur: ${values.join(', ')}.`,
    });
  }, trials);
}

function filterValue(trial: Trial, key: string): string {
  const { spec, series, control } = trial;
  const fields: Record<string, unknown> = { ...spec, ...pointOf(spec), series, control };
  const value = key
    .split('.')
    .reduce<unknown>(
      (node, name) => (typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined),
      fields,
    );
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
