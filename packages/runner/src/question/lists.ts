import type { AxisPoint } from '@prunebench/core';
import { InvalidArgumentError } from 'commander';

/** How many values a list may have; a range that makes more is a slip. */
const MOST = 1000;

/**
 * Seeds: "7", "0,2,4", "5..9" and both together; each once, ascending.
 *
 * @throws InvalidArgumentError for anything else
 */
export function seedList(text: string): readonly number[] {
  const seeds = text.split(',').flatMap((part) => {
    const range = /^\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?$/.exec(part);
    const [from, to] = [Number(range?.[1]), Number(range?.[2] ?? range?.[1])];
    if (!range || to < from || to - from >= MOST || !Number.isSafeInteger(to))
      throw new InvalidArgumentError('It must be seeds such as 5, 0,2,4 or 5..9.');
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [...new Set(seeds)].sort((a, b) => a - b);
}

/**
 * Shares in [0, 1): "0.9", "0.9,0.95", "0.5..0.9:0.1" (from, to and the step) and both together; each once, ascending.
 *
 * @throws InvalidArgumentError for anything else
 */
export function shareList(text: string): readonly number[] {
  return numberList(
    text,
    (value) => value >= 0 && value < 1,
    `shares in [0, 1) such as 0.9, 0.9,0.95 or 0.5..0.9:0.1${percentHint(text)}`,
  );
}

/** A word to who writes percentages where shares are meant. */
function percentHint(text: string): string {
  const percent = text
    .split(/,|\.\.|:/)
    .map((part) => Number(part.replace('%', '')))
    .find((value) => value > 1 && value < 100);
  return percent === undefined ? '' : `: for ${percent} % write ${Number((percent / 100).toPrecision(12))}`;
}

/**
 * Numbers that are not negative, as `shareList` reads them.
 *
 * @throws InvalidArgumentError for anything else
 */
export function strengthList(text: string): readonly number[] {
  return numberList(text, (value) => value >= 0, 'numbers that are not negative such as 0.001 or 0.001,0.01');
}

/** What is to be left of a cost, in place of a sparsity: points of trials, or shares of a time, for which a sparsity is searched. */
export type CostTarget = { readonly points: readonly AxisPoint[] } | { readonly latency: readonly number[] };

/**
 * Reads "multiply-adds=0.25", "multiply-adds=0.5,0.25" or "latency=0.5".
 *
 * @throws InvalidArgumentError for another cost, and for shares that are none
 */
export function costTarget(text: string): CostTarget {
  const [name, shares] = text.split('=').map((part) => part.trim());
  const example = 'the share of a cost that is left, in (0, 1], such as multiply-adds=0.25 or latency=0.5';
  if (name !== 'multiply-adds' && name !== 'latency') throw new InvalidArgumentError(`It must be ${example}.`);
  const left = numberList(shares ?? '', (share) => share > 0 && share <= 1, example).toReversed();
  if (name === 'latency') return { latency: left };
  return { points: left.map((share) => ({ multiplyAdds: Number((1 - share).toPrecision(12)) })) };
}

function numberList(text: string, allowed: (value: number) => boolean, what: string): readonly number[] {
  const refuse = () => new InvalidArgumentError(`It must be ${what}.`);
  const values = text.split(',').flatMap((part) => {
    const [from, rest] = part.split('..').map((each) => each.trim());
    if (rest === undefined) return [numberOf(from)];
    const [to, step] = rest.split(':').map(numberOf);
    const start = numberOf(from);
    const count = Math.floor((to - start) / step + 1e-9) + 1;
    if (!(step > 0 && count >= 1 && count <= MOST)) throw refuse();
    return Array.from({ length: count }, (_, i) => Number((start + i * step).toPrecision(12)));
  });
  if (!values.every(allowed)) throw refuse();
  return [...new Set(values)].sort((a, b) => a - b);
}

/** NaN for what is no number, also for nothing at all. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Numbers as they are typed: "5..9", "0.9,0.95". */
export function shownList(values: readonly number[]): string {
  const [first] = values;
  const last = values.at(-1);
  const run = values.length > 2 && values.every((value, i) => Number.isInteger(value) && value === first + i);
  return run ? `${first}..${last}` : values.join(',');
}
