/**
 * Measured speed and file sizes of trials whose record has none yet, or has none that can be compared. A pass of its own after the last trial, one network at
 * a time: a time that was taken while other processes train says nothing.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getThreads, isNativeAvailable, registerNativeBackend } from '@prunebench/backend-native';
import {
  costOf,
  type Masks,
  maskDigest,
  messageOf,
  type Network,
  recordedCosts,
  type SpeedRecord,
  type State,
  type TrialRecord,
} from '@prunebench/core';
import { optionally } from '@prunebench/files';
import { type RecordTable, readTable, writeRecord } from '@prunebench/records';
import { Baselines, fileSizes, measureSpeed } from '@prunebench/sparse';
import type { Trial } from '../plan/plan.ts';
import type { Display } from '../progress/display.ts';
import { duration } from '../progress/format.ts';
import { type Commit, host, versions } from '../provenance.ts';
import type { Registry } from '../registry.ts';
import { LostStageError, type StageStore } from '../stages/stage-store.ts';

/** Seeds 0, 1 and 2: masks of one cell differ from seed to seed, what they cost hardly does. */
const TIMED_SEEDS = 3;
/** Enough for a median; and what the turns of one comparison may take, so that a network costs seconds, not minutes. */
export const TURNS = { rounds: 9, seconds: 1 } as const;
/** The least that a comparison takes, to see that networks are timed: smoke records are not published. */
const SMOKE_TURNS = { rounds: 5, seconds: 0.05 } as const;

/** Of the pass for one network of a LeNet's size on an idle machine, in seconds; twice that for a ResNet-20. */
const USUAL_SECONDS = 0.7;

/**
 * About how long the pass is going to take for these trials, whose networks are not known yet, in seconds: 0 where nothing can be timed.
 * It is for the estimate of the time left alone.
 */
export function expectedTiming(trials: readonly Trial[]): number {
  if (!isNativeAvailable().available) return 0;
  return USUAL_SECONDS * trials.filter(({ spec }) => spec.seed < TIMED_SEEDS).length;
}

/** Where the pass finds what it needs. */
export interface SpeedPass {
  /** Where the trials' records are. */
  readonly table: RecordTable;
  readonly store: StageStore;
  /** Folder of the store, for messages. */
  readonly stages: string;
  readonly registry: Registry;
  readonly commit: Commit;
  readonly display: Display;
  /** An abort stops after the network that is being timed; what is measured is kept. */
  readonly signal: AbortSignal;
  /** Whether networks that were never trained are timed too. */
  readonly untrained: boolean;
  /** Whether networks that have a measurement are timed again. */
  readonly again: boolean;
}

/** What the pass did. */
export interface SpeedSummary {
  /** Trials that now have a measurement, and how many networks were timed for them. */
  readonly trials: number;
  readonly networks: number;
  /** Trials without one whose network is not kept any more. */
  readonly missing: number;
}

interface Candidate {
  readonly trial: Trial;
  readonly record: TrialRecord;
  /** Key of its last stage. */
  readonly stage: string;
}

/**
 * Times the networks of those `trials` that have a record without a measurement, or with one of an earlier version (against the dense
 * network as it is evaluated), and completes the records.
 */
export async function measureMissing(trials: readonly Trial[], pass: SpeedPass): Promise<SpeedSummary> {
  const { display, stages } = pass;
  const candidates = await unmeasured(trials, pass);
  const kept = await withNetwork(candidates, pass);
  let summary: SpeedSummary = { trials: 0, networks: 0, missing: candidates.length - kept.length };
  if (kept.length > 0) {
    const reason = await whyNotNative();
    if (reason === undefined) summary = await measureAll(kept, summary, pass);
    else display.line(`Speed is not measured: that needs the native backend, and ${reason}.`);
  }
  if (summary.missing > 0) {
    const what = candidates.some(({ record }) => record.speed)
      ? 'no speed measured against the compiled network'
      : 'no measured speed';
    display.line(
      `${count(summary.missing, 'trial has', 'trials have')} ${what}: their networks are not in ${stages} any more.`,
    );
  }
  return summary;
}

/** What keeps the native backend from running here; a compiler that is there may still fail. */
export async function whyNotNative(): Promise<string | undefined> {
  const native = isNativeAvailable();
  if (!native.available) return native.reason;
  try {
    await registerNativeBackend();
    return undefined;
  } catch (error) {
    return `it cannot be loaded: ${messageOf(error).split('\n')[0]}`;
  }
}

async function unmeasured(
  trials: readonly Trial[],
  { table, untrained, again, display }: SpeedPass,
): Promise<Candidate[]> {
  const records = await readTable(table, (line) => display.line(line));
  const found: Candidate[] = [];
  for (const trial of trials.filter(({ spec }) => spec.seed < TIMED_SEEDS)) {
    const record = records.get(trial.name);
    const stage = record?.run.stages.at(-1)?.key;
    const done = record?.speed?.baseline === 'compiled' && !again;
    if (!record?.measured || done || stage === undefined) continue;
    if (record.measured.final !== null || untrained) found.push({ trial, record, stage });
  }
  return found;
}

async function withNetwork(candidates: readonly Candidate[], { store, display }: SpeedPass): Promise<Candidate[]> {
  const kept: Candidate[] = [];
  for (const candidate of candidates)
    if (await store.find(candidate.stage, (line) => display.line(line))) kept.push(candidate);
  return kept;
}

async function measureAll(
  kept: readonly Candidate[],
  { missing }: SpeedSummary,
  pass: SpeedPass,
): Promise<SpeedSummary> {
  const { display, signal } = pass;
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const done = { trials: 0, networks: 0, missing };
  display.line(`measuring the speed of ${count(kept.length, 'trial', 'trials')}, one network at a time`);
  display.start(() => snapshot(done.trials, kept.length, seconds()));
  const known = new Map<string, SpeedRecord>();
  using baselines = new Baselines();
  try {
    for (const candidate of kept) {
      // Signals and the display get their turn between two networks.
      await setImmediate();
      if (signal.aborted) break;
      const state = await readNetwork(candidate, pass);
      if (!state) {
        done.missing++;
        continue;
      }
      const network = networkId(candidate, state.masks);
      const speed = known.get(network) ?? (await timeOrNotice(candidate, state, baselines, pass));
      if (!speed) continue;
      if (!known.has(network)) done.networks++;
      known.set(network, speed);
      await complete(candidate, state, speed, pass);
      done.trials++;
    }
  } finally {
    display.stop();
  }
  display.line(
    `measured the speed of ${count(done.trials, 'trial', 'trials')} on ${count(done.networks, 'network', 'networks')} in ${duration(seconds())}`,
  );
  return done;
}

async function readNetwork({ stage }: Candidate, { store, display }: SpeedPass): Promise<State | undefined> {
  try {
    return await store.readState(stage, (line) => display.line(line));
  } catch (error) {
    if (error instanceof LostStageError) return undefined;
    throw error;
  }
}

/** The times of a network; a notice where it cannot be timed, which keeps no other from it. */
async function timeOrNotice(
  candidate: Candidate,
  state: State,
  baselines: Baselines,
  pass: SpeedPass,
): Promise<SpeedRecord | undefined> {
  const { network, dataset } = candidate.record.spec;
  return optionally(`The speed of ${network} on ${dataset} is not measured`, () =>
    timeNetwork(candidate, state, baselines, pass),
  );
}

async function timeNetwork(
  candidate: Candidate,
  state: State,
  baselines: Baselines,
  { registry, commit, table: { scale } }: SpeedPass,
): Promise<SpeedRecord> {
  const turns = scale === 'smoke' ? SMOKE_TURNS : TURNS;
  const batches = await measureSpeed(networkOf(candidate, registry), state, { ...turns, baselines });
  return {
    ...commit,
    baseline: 'compiled',
    backend: 'native',
    threads: getThreads(),
    versions: { ...versions() },
    host: host(),
    measuredAt: new Date().toISOString(),
    timed: candidate.record.key,
    batches,
  };
}

async function complete(
  { trial, record }: Candidate,
  state: State,
  speed: SpeedRecord,
  { table, registry }: SpeedPass,
): Promise<void> {
  // What earlier versions did not record, or counted otherwise.
  const measured = record.measured && {
    ...record.measured,
    ...(record.measured.effective ? {} : recordedCosts(costOf(networkOf({ record }, registry), state.masks))),
    fileBytes: record.measured.fileBytes ?? fileSizes(state),
  };
  await writeRecord(table, trial.name, { ...record, measured, speed });
}

function networkOf({ record }: Pick<Candidate, 'record'>, registry: Registry): Network {
  const { dataset, network } = record.spec;
  return registry.network(network).build(registry.datasets.get(dataset)!.shape);
}

/** Networks of the same architecture under the same masks take the same time. */
function networkId({ record }: Candidate, masks: Masks): string {
  return `${record.spec.network} on ${record.spec.dataset}, masks ${maskDigest(masks)}`;
}

function snapshot(done: number, total: number, seconds: number) {
  const fraction = done / total;
  return {
    trials: { total, done, failed: 0 },
    activities: [],
    fraction,
    secondsLeft: done > 0 ? (seconds * (1 - fraction)) / fraction : undefined,
  };
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
