import { type Network, PrunebenchError, pointOf, type State, type TrialRecord } from '@prunebench/core';
import { refuseLinksOut } from '@prunebench/files';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import { StageStore } from '../stages/stage-store.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { findRecord, type WantedTrial } from './find-record.ts';

/** A finished trial with the network it ended with. */
export interface FoundTrial {
  readonly record: TrialRecord;
  readonly network: Network;
  readonly state: State;
}

/**
 * The trial that is meant, and its last state.
 *
 * @throws PrunebenchError when no trial or several are meant, when the trial failed, or when its state is not kept any more
 */
export async function findTrial(wanted: WantedTrial, registry: Registry, folder: ResultsFolder): Promise<FoundTrial> {
  const record = await findRecord(wanted, folder);
  const { spec, failure, key } = record;
  if (failure !== null)
    throw new PrunebenchError(`Trial ${key} has no network: it failed (${failure}).`, {
      remedy: 'Choose another trial.',
    });
  const { shape } = lookUp(registry.datasets, 'dataset', spec.dataset);
  const stage = record.run.stages.at(-1)?.key;
  // A stage that is corrupt is renamed.
  await refuseLinksOut(folder.root);
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
export function runAgain({ benchmark, scale, series, spec }: TrialRecord): string {
  const { dataset, network, seed } = spec;
  const filters = Object.entries({ dataset, network, series, ...pointOf(spec), seed }).map(([key, value]) => {
    return `--filter ${shellWord(`${key}=${value}`)}`;
  });
  // The record may be of a run with more seeds than the benchmark's own.
  return ['./prunebench run', shellWord(benchmark), `--scale ${scale}`, `--seeds ${seed + 1}`, ...filters].join(' ');
}
