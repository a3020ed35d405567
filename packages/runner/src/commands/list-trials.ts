import { PrunebenchError, pointOf, scales, type TrialRecord } from '@prunebench/core';
import { lineOf, loadRecords } from '@prunebench/records';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { lookUp } from '../options/suggest.ts';
import { filterTrials } from '../plan/filter.ts';
import { type ListedTrial, listedTrials, recordedTrial } from '../plan/listed-trials.ts';
import type { Registry } from '../registry.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { existingResults } from '../results/results-folder.ts';
import { type Column, columns } from '../terminal/columns.ts';

export interface ListTrialsOptions extends Selection {
  readonly results: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
}

/** Prints the trials of a benchmark, or of all that have records, and what has become of each. */
export async function listTrials(name: string | undefined, options: ListTrialsOptions): Promise<void> {
  const folder = await existingResults(options.results);
  const { root } = folder;
  const registry = await registryFor(folder, options.plugin);
  const loaded = await loadRecords(root, { onCorrupt: 'report' });
  for (const each of loaded.corrupt) console.error(`Record ${lineOf(each)} is corrupt (${each.reason}) and left out.`);
  const benchmark = name ?? options.benchmark;
  const all = await (benchmark === undefined
    ? ofAll(loaded, registry)
    : ofOne(benchmark, loaded, registry, options.scale));
  if (all.length === 0)
    throw new PrunebenchError(
      `There are no trials of ${benchmark ?? 'any benchmark'} in ${root}${options.scale === undefined ? '' : ` at scale ${options.scale}`}.`,
      { remedy: 'Run it first (./prunebench run), or name a scale to see what it declares: --scale smoke.' },
    );
  const trials = filterTrials(all, selectionFilters({ ...options, ...(benchmark !== undefined && { benchmark }) }));
  if (options.json) console.log(JSON.stringify(trials, null, 2));
  else console.log(`${trialTable(trials)}\n\n${countStates(trials)}`);
}

type Loaded = Awaited<ReturnType<typeof loadRecords>>;

async function ofOne(id: string, loaded: Loaded, registry: Registry, scale?: string) {
  const known = registry.benchmarks.get(id);
  // Records of a plugin's benchmark can be looked at without the plugin.
  const recorded = loaded.records.filter(({ benchmark }) => benchmark === id);
  if (known === undefined && recorded.length > 0) return recorded.map((record) => recordedTrial(record));
  const entry = lookUp(registry.benchmarks, 'benchmark', id);
  return listedTrials(
    await entry.load(),
    loaded,
    registry,
    scales.find((each) => each === scale),
  );
}

async function ofAll(loaded: Loaded, registry: Registry): Promise<readonly ListedTrial[]> {
  const ids = [...new Set(loaded.records.map(({ benchmark }: TrialRecord) => benchmark))];
  const parts = [];
  for (const id of ids) parts.push(await ofOne(id, loaded, registry));
  return parts.flat();
}

/** Digits of a key that are shown: no two trials share so many. */
const KEY_DIGITS = 8;

/** The trials as a table; what is the same for all of them stands above it. */
export function trialTable(trials: readonly ListedTrial[]): string {
  const digits = digitsThatTell(trials.map(({ key }) => key));
  const fields: readonly (Column<ListedTrial> & { readonly tells?: boolean })[] = [
    { head: 'key', text: ({ key }) => key.slice(0, digits) },
    { head: 'benchmark', tells: true, text: ({ benchmark }) => benchmark },
    { head: 'scale', tells: true, text: ({ scale }) => scale },
    { head: 'data set', tells: true, text: ({ spec }) => spec.dataset },
    { head: 'network', tells: true, text: ({ spec }) => spec.network },
    { head: 'series', text: ({ series, control }) => (control ? `control: ${series}` : series) },
    ...axesOf(trials),
    { head: 'seed', align: 'right', text: ({ spec }) => String(spec.seed) },
    { head: 'state', text: ({ state, failure }) => (failure === null ? state : `${state}: ${failure}`) },
    { head: 'accuracy, %', align: 'right', text: ({ accuracy }) => accuracy?.toFixed(2) ?? '' },
  ];
  const common = fields.filter(({ tells, text }) => tells && new Set(trials.map(text)).size === 1);
  const heading = common.map(({ head, text }) => `${head} ${text(trials[0])}`).join(', ');
  const table = columns(
    fields.filter((field) => !common.includes(field)),
    trials,
  );
  return heading === '' ? table : `${heading}\n\n${table}`;
}

function axesOf(trials: readonly ListedTrial[]): readonly Column<ListedTrial>[] {
  const points = trials.map(({ spec }): Readonly<Record<string, number>> => pointOf(spec));
  const heads = [...new Set(points.flatMap((point) => Object.keys(point)))];
  const at = ({ spec }: ListedTrial, head: string) => new Map(Object.entries(pointOf(spec))).get(head);
  return heads.map((head) => ({ head, align: 'right', text: (trial) => at(trial, head)?.toString() ?? '' }));
}

/** How many digits tell all keys apart. Series that share a trial have its key twice. */
function digitsThatTell(keys: readonly string[]): number {
  const different = new Set(keys);
  let digits = KEY_DIGITS;
  while (new Set([...different].map((key) => key.slice(0, digits))).size < different.size) digits++;
  return digits;
}

const WORDS = { finished: 'finished', failed: 'failed', open: 'not run yet', earlier: 'of an earlier declaration' };

/** "90 trials: 88 finished, 2 not run yet". */
function countStates(trials: readonly ListedTrial[]): string {
  const counts = Map.groupBy(trials, ({ state }) => state);
  const parts = (['finished', 'failed', 'open', 'earlier'] as const).flatMap((state) => {
    const count = counts.get(state)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${WORDS[state]}`];
  });
  return `${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}: ${parts.join(', ')}`;
}
