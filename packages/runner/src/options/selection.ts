import { axes } from '@prunebench/core/axes';
import { scales } from '@prunebench/core/scales';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Filter } from '../plan/filter.ts';

/** Fields by which trials are selected, the widest first: what nothing fits is said in this order. */
const FIELDS = ['benchmark', 'scale', 'dataset', 'network', 'series', ...axes, 'seed'] as const;

/** What the options below leave: a field that was not named is not there. */
export type Selection = { readonly [Field in (typeof FIELDS)[number]]?: string };

function selectionOptions(): readonly Option[] {
  const option = (field: keyof Selection, value: string, words: string) => new Option(`--${field} <${value}>`, words);
  return [
    option('benchmark', 'name', 'trials of this benchmark'),
    option('scale', 'name', 'trials of this scale').choices(scales),
    option('dataset', 'name', 'trials on this data set'),
    option('network', 'name', 'trials of this network'),
    option('series', 'name', 'trials of this series: a row of a table, a line of a plot'),
    ...axes.map((axis) =>
      axis === 'lambda'
        ? option(axis, 'strength', 'trials with this strength of a penalty').argParser(finite)
        : option(axis, 'share', `trials asked for this ${axis}: 0.95, or 95%`).argParser(share),
    ),
    option('seed', 'number', 'the trial of this seed').argParser(finite),
  ];
}

/** The command with the options that select trials by what they are, in place of a key. */
export function selecting(command: Command): Command {
  for (const option of selectionOptions()) command.addOption(option);
  return command;
}

/** A selection as filters on trials. */
export function selectionFilters(selection: Selection): readonly Filter[] {
  return FIELDS.flatMap((key) => {
    const value = selection[key];
    return value === undefined ? [] : [{ key, value }];
  });
}

/** A number as specs write it: "0.950" and "95%" are 0.95. */
function share(text: string): string {
  const percent = /^(.*?)\s*%$/.exec(text.trim())?.[1];
  return percent === undefined ? finite(text) : String(Number((Number(finite(percent)) / 100).toPrecision(12)));
}

function finite(text: string): string {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number that is not negative.');
  return String(value);
}
