import { axes, PrunebenchError, pointOf, type TrialDeclaration, type TrialRecord } from '@prunebench/core';
import { nearest, unknownName } from '../options/suggest.ts';
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

/** What filters look at: trials of a plan, and records of trials. */
export type Filterable = Pick<Trial, 'spec' | 'series' | 'control'> & Partial<Pick<TrialRecord, 'benchmark' | 'scale'>>;

/**
 * The trials that fit: of several filters on one key one must hold, of filters on different keys each.
 *
 * @throws PrunebenchError when none is left, naming the filter that nothing fits any more, and the values that occur
 */
export function filterTrials<T extends Filterable>(trials: readonly T[], filters: readonly Filter[]): readonly T[] {
  const keys = [...new Set(filters.map(({ key }) => key))];
  const wanted = (key: string) => filters.filter((filter) => filter.key === key).map(({ value }) => value);
  return keys.reduce<readonly T[]>((left, key, index) => {
    const kept = left.filter((trial) => wanted(key).includes(filterValue(trial, key)));
    if (kept.length > 0) return kept;
    const before = keys.slice(0, index).map((earlier) => `${earlier} ${alternatives(wanted(earlier))}`);
    const among = before.length === 0 ? '' : ` with ${before.join(', ')}`;
    const values = valuesOf(left, key);
    throw new PrunebenchError(`No trial${among} has ${key} ${alternatives(wanted(key))}.`, {
      remedy: `${suggestion(wanted(key)[0] ?? '', values)}Values that occur: ${listOfValues(values)}.`,
    });
  }, trials);
}

function alternatives(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(' or ');
}

/** For names, of which one may be misspelt; not for numbers. */
function suggestion(name: string, values: readonly string[]): string {
  if (Number.isFinite(Number(name))) return '';
  const near = nearest(
    name,
    values.map((value) => value.toLowerCase()),
  );
  const meant = values.find((value) => value.toLowerCase() === near);
  return meant === undefined ? '' : `Did you mean "${meant}"? `;
}

/** Names of series have commas in them. */
function listOfValues(values: readonly string[]): string {
  return values.some((value) => value.includes(','))
    ? values.map((value) => `"${value}"`).join(', ')
    : values.join(', ');
}

/** The values of a field that occur among trials, each once: numbers by size, others by the alphabet. */
export function valuesOf(trials: readonly Filterable[], key: string): readonly string[] {
  const values = [...new Set(trials.map((trial) => filterValue(trial, key)))];
  return values.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
}

function filterValue(trial: Filterable, key: string): string {
  const { spec, series, control, benchmark, scale } = trial;
  const fields: Record<string, unknown> = { ...spec, ...pointOf(spec), series, control, benchmark, scale };
  const value = key
    .split('.')
    .reduce<unknown>(
      (node, name) => (typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined),
      fields,
    );
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
