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
    const values = valuesOf(left, key);
    const known = new Set(values);
    const named = wanted(key).map((text) => ({ text, values: valuesIn(text, key, known) }));
    const missing = named.filter((each) => each.values === undefined).map(({ text }) => text);
    const kept = new Set(named.flatMap((each) => each.values ?? []));
    if (missing.length === 0) return left.filter((trial) => kept.has(filterValue(trial, key)));
    const before = keys.slice(0, index).map((earlier) => `${earlier} ${alternatives(wanted(earlier))}`);
    const among = before.length === 0 ? '' : ` with ${before.join(', ')}`;
    throw new PrunebenchError(`No trial${among} has ${key} ${alternatives(missing)}.`, {
      remedy: `${percentages(missing, key)}${suggestion(missing[0] ?? '', values)}Values that occur: ${listOfValues(values.filter((value) => value !== 'undefined'))}.`,
    });
  }, trials);
}

/**
 * The values that a filter's text names: one, or several between commas, where a value may have commas of its own; undefined
 * where a part of it is none that occurs. The longest value that fits is what is meant.
 */
function valuesIn(text: string, key: string, known: ReadonlySet<string>): readonly string[] | undefined {
  const whole = canonical(text, key);
  if (known.has(whole)) return [whole];
  for (let at = text.lastIndexOf(','); at > 0; at = text.lastIndexOf(',', at - 1)) {
    const first = canonical(text.slice(0, at), key);
    const others = known.has(first) ? valuesIn(text.slice(at + 1), key, known) : undefined;
    if (others) return [first, ...others];
  }
  return undefined;
}

/** As trials write it: a number without needless digits (0.950 is 0.95), anything else without spaces around it. */
function canonical(text: string, key: string): string {
  const trimmed = text.trim();
  return isNumber(key) && trimmed !== '' && Number.isFinite(Number(trimmed)) ? String(Number(trimmed)) : trimmed;
}

function isNumber(key: string): boolean {
  return key === 'seed' || axes.some((axis) => axis === key);
}

/** A word to who writes percentages where shares are meant. */
function percentages(missing: readonly string[], key: string): string {
  const share = key === 'sparsity' || key === 'units';
  const percent = missing.map((text) => Number.parseFloat(text)).find((value) => value > 1 && value < 100);
  return share && percent !== undefined ? `It is a share: for ${percent} % write ${percent / 100}. ` : '';
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
