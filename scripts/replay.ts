/**
 * Replays every smoke table on the plain backend, on the first examples of each data set, and compares the states that its steps
 * leave with those of the commit before, which scripts/replay.jsonl holds as digests. The plain backend computes the same bits on
 * every machine, so a difference is a change of the code.
 *
 *     pnpm replay              compares; fails where a trial of the same key leaves other bits
 *     pnpm replay --write      adds what is new and drops what is no longer declared; changes no digest under its key
 *     pnpm replay --only <benchmark>
 *     pnpm replay --quick      leaves out tables with convolutions, for which the plain backend takes minutes, as CI does
 *
 * Numbers that are to change get new keys: raise the `revision` of the criterion, method or kind of step that they come from.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { selectBackend } from '@prunebench/backend-select';
import type { Dataset, State } from '@prunebench/core';
import { loadDataset } from '@prunebench/data';
import { writeWhole } from '@prunebench/files';
import {
  declareTrials,
  loadRegistry,
  type PlannedTrial,
  planStages,
  type Registry,
  type Stage,
  takeStep,
} from '@prunebench/runner';

const digestsPath = resolve(import.meta.dirname, 'replay.jsonl');

/** Examples of each split: enough for the largest calibration set per class, few enough for seconds. */
const EXAMPLES = 200;

/** What a trial leaves. */
export interface Replayed {
  readonly benchmark: string;
  /** Its key, with the revisions in it. */
  readonly trial: string;
  readonly series: string;
  /** SHA-256 of the parameters and masks after its last step; or why there are none. */
  readonly state: string;
}

/** How the trials of now stand beside those of the commit before. */
export interface Differences {
  readonly changed: readonly Replayed[];
  readonly added: readonly Replayed[];
  readonly dropped: readonly Replayed[];
}

/** Compares by benchmark, key and series. */
export function differences(before: readonly Replayed[], now: readonly Replayed[]): Differences {
  const id = ({ benchmark, trial, series }: Replayed) => `${benchmark} ${trial} ${series}`;
  const old = new Map(before.map((entry) => [id(entry), entry]));
  const current = new Set(now.map(id));
  return {
    changed: now.filter((entry) => (old.get(id(entry))?.state ?? entry.state) !== entry.state),
    added: now.filter((entry) => !old.has(id(entry))),
    dropped: before.filter((entry) => !current.has(id(entry))),
  };
}

/** All trials of a benchmark's smoke table, computed here and now. */
async function replay(benchmarkId: string, registry: Registry): Promise<readonly Replayed[]> {
  const benchmark = await registry.benchmarks.get(benchmarkId)!.load();
  const trials = declareTrials(benchmark.trials('smoke'), benchmark.seeds.smoke, registry);
  const datasets = new Map<string, Dataset>();
  for (const id of new Set(trials.map(({ spec }) => spec.dataset)))
    datasets.set(id, await loadDataset(id, { limit: EXAMPLES }));
  const networkOf = (network: string, dataset: string) =>
    registry.network(network).build(registry.datasets.get(dataset)!.shape);
  const plan = planStages(trials, registry, {
    backend: 'cpu',
    network: ({ spec }) => networkOf(spec.network, spec.dataset),
    datasetChecksum: ({ spec }) => datasets.get(spec.dataset)!.checksum,
  });
  const states = new Map<string, Promise<State>>();
  const stateOf = (key: string): Promise<State> => {
    const known = states.get(key);
    if (known) return known;
    const found = compute(plan.stages.get(key)!);
    states.set(key, found);
    return found;
  };
  const { signal } = new AbortController();
  const compute = async (stage: Stage): Promise<State> => {
    const outcome = await takeStep(stage, {
      dataset: datasets.get(stage.dataset)!,
      network: networkOf(stage.network, stage.dataset),
      initializer: registry.network(stage.network).initializer,
      registry,
      signal,
      stateOf,
    });
    return outcome.state;
  };
  const replayed: Replayed[] = [];
  for (const trial of plan.trials) replayed.push(await digestOf(benchmarkId, trial, stateOf));
  return replayed;
}

async function digestOf(
  benchmark: string,
  { key, series, stages }: PlannedTrial,
  stateOf: (key: string) => Promise<State>,
): Promise<Replayed> {
  const last = stages.at(-1)!;
  const state = await stateOf(last).then(stateDigest, (error: Error) => error.message);
  return { benchmark, trial: key, series, state };
}

/** SHA-256 over names and bytes, in order of the names. */
function stateDigest({ parameters, masks }: State): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parameters).sort()) hash.update(name).update(parameters[name].values);
  for (const name of Object.keys(masks).sort()) hash.update(name).update(masks[name]);
  return hash.digest('hex').slice(0, 32);
}

/** Whether no network of the smoke table has a convolution: the plain backend takes minutes for those. */
export async function isQuick(benchmarkId: string, registry: Registry): Promise<boolean> {
  const benchmark = await registry.benchmarks.get(benchmarkId)!.load();
  return benchmark.trials('smoke').every(({ network, dataset }) => {
    const { shape } = registry.datasets.get(dataset)!;
    return registry
      .network(network)
      .build(shape)
      .layers.every(({ kind }) => kind !== 'conv2d');
  });
}

function readDigests(): readonly Replayed[] {
  return readFileSync(digestsPath, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Replayed => JSON.parse(line));
}

function describe(what: string, entries: readonly Replayed[]): readonly string[] {
  return entries.map(({ benchmark, trial, series }) => `${what}: ${benchmark}, ${series} (${trial})`);
}

async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { write: flag, quick: flag, only: { type: 'string' } } });
  await selectBackend('cpu');
  const registry = await loadRegistry();
  const chosen: string[] = [];
  for (const id of registry.benchmarks.keys())
    if ((values.only ?? id) === id && (!values.quick || (await isQuick(id, registry)))) chosen.push(id);
  const now: Replayed[] = [];
  for (const id of chosen) {
    const start = performance.now();
    const replayed = await replay(id, registry);
    now.push(...replayed);
    console.log(`${id}: ${replayed.length} trials, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  const before = readDigests();
  const compared = before.filter(({ benchmark }) => chosen.includes(benchmark));
  const { changed, added, dropped } = differences(compared, now);
  for (const line of describe('other bits under the same key', changed)) console.error(line);
  if (changed.length > 0) {
    console.error('Mend what changed them, or raise the revision of the entry that they come from.');
    process.exitCode = 1;
    return;
  }
  if (values.write) {
    const kept = before.filter(({ benchmark }) => !chosen.includes(benchmark));
    const lines = [...kept, ...now].map((entry) => JSON.stringify(entry)).sort();
    await writeWhole(digestsPath, `${lines.join('\n')}\n`);
    return;
  }
  for (const line of [...describe('new', added), ...describe('no longer declared', dropped)]) console.error(line);
  if (added.length + dropped.length === 0) return;
  console.error('If that is meant, run `pnpm replay --write` and commit scripts/replay.jsonl.');
  process.exitCode = 1;
}

if (import.meta.main) await main();
