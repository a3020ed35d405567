import { axes, describePoint, PrunebenchError, pointOf, type TrialRecord } from '@prunebench/core';
import {
  type CorruptRecord,
  lineOf,
  loadRecords,
  loadTable,
  type NamedTrial,
  trialNames,
  workingFile,
} from '@prunebench/records';
import type { ResultsFolder } from '../results/results-folder.ts';
import { type Filter, filterTrials, valuesOf } from './filter.ts';

/** Which trial is meant: the beginning of its key, fields that no other trial has together, or both. */
export interface WantedTrial {
  readonly key?: string | undefined;
  readonly filters: readonly Filter[];
}

/** How many candidates a message names. */
const NAMED = 10;

/** What tells trials apart that one selection fits, in the order in which it is best named. */
const TELLING = ['benchmark', 'scale', 'dataset', 'network', 'series', ...axes, 'seed'];

/**
 * The record of the trial that is meant.
 *
 * @throws PrunebenchError when no trial is, or several, saying which field nothing fits and what values there are, or which
 *   trials fit; and when the record cannot be read
 */
export async function findRecord({ key, filters }: WantedTrial, folder: ResultsFolder): Promise<TrialRecord> {
  if (key === undefined && filters.length === 0)
    throw new PrunebenchError('No trial is named.', {
      remedy:
        'Give its key, or say what it is: --series, --sparsity, --seed and as much more as it takes. ./prunebench list trials shows all of them.',
    });
  return filters.length === 0 ? byKey(key ?? '', folder) : bySelection(key ?? '', filters, folder);
}

async function byKey(prefix: string, { root }: ResultsFolder): Promise<TrialRecord> {
  const found = new Map<string, NamedTrial>();
  // Series that share a trial have records of the same key, with a suffix in the name.
  for (const trial of await trialNames(root))
    if (trial.name.startsWith(prefix)) found.set(trial.name.split('-')[0], trial);
  const [first, second] = found;
  if (!first || second)
    throw new PrunebenchError(
      first
        ? `${found.size} trials have keys that begin with "${prefix}": ${someOf([...found.keys()])}.`
        : `No record in ${root} has a key that begins with "${prefix}".`,
      {
        remedy: first
          ? 'Give more of the key, or say besides what the trial is: --series, --sparsity, --seed.'
          : './prunebench list trials shows all keys; --series, --sparsity and --seed select a trial without one.',
      },
    );
  return readNamed(first[1]);
}

async function readNamed({ table, name }: NamedTrial): Promise<TrialRecord> {
  const { places, corrupt } = await loadTable(table);
  for (const [record, place] of places) if (place.name === name) return record;
  throw unreadable(
    name,
    corrupt.find((each) => each.name === name),
    workingFile(table, name),
  );
}

function unreadable(name: string, fault: CorruptRecord | undefined, file: string): PrunebenchError {
  const where = fault ? `${lineOf(fault)} (${fault.reason})` : file;
  return new PrunebenchError(`The record of trial ${name} could not be read: ${where}.`, {
    remedy: 'Run the trial again.',
  });
}

async function bySelection(prefix: string, filters: readonly Filter[], { root }: ResultsFolder): Promise<TrialRecord> {
  const { records } = await loadRecords(root, { onCorrupt: 'report' });
  const ofKey = records.filter(({ key }) => key.startsWith(prefix));
  if (ofKey.length === 0)
    throw new PrunebenchError(
      prefix === ''
        ? `There are no records in ${root}.`
        : `No record in ${root} has a key that begins with "${prefix}".`,
      { remedy: './prunebench list trials shows all keys.' },
    );
  const fitting = filterTrials(ofKey, filters);
  if (new Set(fitting.map(({ key }) => key)).size > 1) throw ambiguous(fitting, filters);
  return fitting[0];
}

function ambiguous(fitting: readonly TrialRecord[], filters: readonly Filter[]): PrunebenchError {
  const said = filters.map(({ key, value }) => `${key} ${value}`).join(', ');
  const telling = TELLING.flatMap((field) => {
    const values = valuesOf(fitting, field);
    return values.length < 2 ? [] : [`--${field} (${someOf(values)})`];
  });
  return new PrunebenchError(
    `${fitting.length} trials have ${said}: ${someOf(fitting.map(describeCandidate), '; ')}.`,
    { remedy: `Say which with ${telling.join(', ')}, or with the beginning of the key.` },
  );
}

/** "0699d507 (snip-lenets cpu: SNIP, lenet-5-caffe on mnist, sparsity 0.95, seed 1)". */
function describeCandidate({ key, benchmark, scale, series, spec }: TrialRecord): string {
  const { network, dataset, seed } = spec;
  return `${key.slice(0, 8)} (${benchmark} ${scale}: ${series}, ${network} on ${dataset}, ${describePoint(pointOf(spec))}, seed ${seed})`;
}

function someOf(names: readonly string[], separator = ', '): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(separator)}${more > 0 ? ` and ${more} more` : ''}`;
}
