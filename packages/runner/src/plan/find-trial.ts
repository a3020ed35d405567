import { type Network, PrunebenchError, pointOf, type State, type TrialRecord } from '@prunebench/core';
import { lineOf, loadTable, type NamedTrial, trialNames, workingFile } from '@prunebench/records';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import { StageStore } from '../stages/stage-store.ts';

/** A finished trial with the network it ended with. */
export interface FoundTrial {
  readonly record: TrialRecord;
  readonly network: Network;
  readonly state: State;
}

/** How many candidates a message names. */
const NAMED = 10;

/**
 * The trial whose key begins with `prefix`, and its last state.
 *
 * @throws PrunebenchError when no trial or several have such a key, when the trial failed, or when its state is not kept any more
 */
export async function findTrial(prefix: string, registry: Registry, folder: ResultsFolder): Promise<FoundTrial> {
  const record = await findRecord(prefix, folder);
  const { spec, failure, key } = record;
  if (failure !== null)
    throw new PrunebenchError(`Trial ${key} has no network: it failed (${failure}).`, {
      remedy: 'Choose another trial.',
    });
  const { shape } = lookUp(registry.datasets, 'dataset', spec.dataset);
  const stage = record.run.stages.at(-1)?.key;
  const store = new StageStore(folder.stages);
  const notice = (line: string) => console.error(line);
  if (!stage || !(await store.find(stage, notice)))
    throw new PrunebenchError(`The network of trial ${key} is not in ${folder.stages}.`, {
      remedy:
        "Networks are not part of a repository's results. Run the trial again in another folder, then name that one here " +
        `with --results: ${runAgain(record)} --results <folder>.`,
    });
  return { record, network: registry.network(spec.network).build(shape), state: await store.readState(stage, notice) };
}

/** The command that runs this trial alone, up to the results folder. */
function runAgain({ benchmark, scale, series, spec }: TrialRecord): string {
  const { dataset, network, seed } = spec;
  const filters = Object.entries({ dataset, network, series, ...pointOf(spec), seed }).map(([key, value]) => {
    const filter = `${key}=${value}`;
    return `--filter ${/[^\w.=-]/.test(filter) ? shellQuoted(filter) : filter}`;
  });
  // The record may be of a run with more seeds than the benchmark's own.
  return ['prunebench run', benchmark, `--scale ${scale}`, `--seeds ${seed + 1}`, ...filters].join(' ');
}

/** One word of a POSIX shell; series have apostrophes. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function findRecord(prefix: string, { root }: ResultsFolder): Promise<TrialRecord> {
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
        remedy:
          'Give more of the key; it is the first field of a line in results/<benchmark>/measured-<scale>.jsonl, or the name of a file in results/<benchmark>/records/<scale>.',
      },
    );
  return readNamed(first[1]);
}

async function readNamed({ table, name }: NamedTrial): Promise<TrialRecord> {
  const { places, corrupt } = await loadTable(table);
  for (const [record, place] of places) if (place.name === name) return record;
  const fault = corrupt.find((each) => each.name === name);
  const where = fault ? `${lineOf(fault)} (${fault.reason})` : workingFile(table, name);
  throw new PrunebenchError(`The record of trial ${name} could not be read: ${where}.`, {
    remedy: 'Run the trial again.',
  });
}

function someOf(keys: readonly string[]): string {
  const more = keys.length - NAMED;
  return `${keys.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
