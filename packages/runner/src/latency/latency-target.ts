/**
 * A measured latency as the target of a question. It is another one on every machine and at every moment, and a trial has to follow from
 * what it declares: so the sparsity is searched for first, and what is declared are ordinary trials at the sparsity that was found.
 */
import { contentHash, PrunebenchError, type ScaleName, type TrialDeclaration } from '@prunebench/core';
import { TrialCodes } from '../code/trial-code.ts';
import { declareTrials } from '../plan/plan.ts';
import type { Display } from '../progress/display.ts';
import type { Asked } from '../question/own-question.ts';
import type { Registry } from '../registry.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import { type Found, isSame, keepFound, readFound } from './found.ts';
import type { Probe, Pruned } from './probe.ts';
import { searchSparsity } from './search.ts';

/** What is asked for. */
export interface LatencyTarget {
  /** Shares of the time of the network compiled with nothing pruned. */
  readonly shares: readonly number[];
  readonly batchSize: number;
  /** Whose networks are timed; all seeds get the sparsity. */
  readonly seed: number;
}

/** What it is measured on and with. */
export interface LatencyMeter {
  readonly cpu: string;
  readonly threads: number;
  /** Time of a pruned network, as a share of its time compiled with nothing pruned. */
  share(pruned: Exclude<Pruned, { reason: string }>, batchSize: number): Promise<number>;
}

interface SearchContext {
  readonly registry: Registry;
  readonly folder: ResultsFolder;
  readonly scale: ScaleName;
  readonly meter: LatencyMeter;
  readonly display: Pick<Display, 'line'>;
}

/** A question whose series are declared at any one sparsity, and what is known of those that it should be asked at. */
export interface Searches {
  readonly known: readonly Found[];
  readonly open: readonly { readonly template: TrialDeclaration; readonly wanted: Wanted }[];
}

type Wanted = Omit<Found, 'sparsity' | 'measured'>;

/**
 * Which sparsities were found before, by the code of today, and which are to be searched for.
 *
 * @param again what was found before does not count
 */
export async function pendingSearches(
  { benchmark }: Asked,
  { shares, batchSize, seed }: LatencyTarget,
  { registry, folder, scale, meter }: Omit<SearchContext, 'display'>,
  again: boolean,
): Promise<Searches> {
  const before = again ? [] : await readFound(folder, benchmark.id);
  const codes = new TrialCodes(registry);
  const known: Found[] = [];
  const open: { template: TrialDeclaration; wanted: Wanted }[] = [];
  for (const template of templatesOf(benchmark.trials(scale))) {
    const [{ spec }] = declareTrials([template], [seed], registry);
    await codes.locate([spec]);
    const { sparsity: _, ...rest } = spec;
    const trial = contentHash([scale, rest, codes.code(spec, 'native')]);
    for (const latency of shares) {
      const { cpu, threads } = meter;
      const wanted = { series: template.series, latency, batchSize, seed, cpu, threads, trial };
      const found = before.find((each) => isSame(each, wanted));
      if (found) known.push(found);
      else open.push({ template, wanted });
    }
  }
  return { known, open };
}

/**
 * Searches for the sparsities that are not known, and keeps them beside the table.
 *
 * @returns all of them; undefined where the search was stopped
 * @throws PrunebenchError where a network does not get that fast at any sparsity
 */
export async function searchAll(
  { benchmark }: Asked,
  { known, open }: Searches,
  probe: Pick<Probe, 'prune'>,
  { folder, meter, display }: SearchContext,
): Promise<readonly Found[] | undefined> {
  const all = [...known];
  const measured = new Map<string, number | null>();
  let reason: string | undefined;
  for (const { template, wanted } of open) {
    const { series, latency, batchSize } = wanted;
    display.line(
      `${series}: searching for the sparsity at which it takes ${latency} of the dense time, batch ${batchSize}`,
    );
    let stopped = false;
    const measure = async (sparsity: number) => {
      const name = JSON.stringify([series, sparsity]);
      if (stopped) return null;
      if (!measured.has(name)) {
        const pruned = await probe.prune({ ...template, at: { sparsity } });
        if (pruned === undefined) stopped = true;
        else if ('reason' in pruned) {
          reason = pruned.reason.replace(/\.$/, '');
          display.line(`  sparsity ${sparsity}: ${pruned.reason}`);
          measured.set(name, null);
        } else {
          const share = await meter.share(pruned, batchSize);
          display.line(`  sparsity ${sparsity}: ${share.toFixed(3)} of the dense time`);
          measured.set(name, share);
        }
      }
      return measured.get(name) ?? null;
    };
    const search = await searchSparsity(latency, measure);
    if (stopped) return undefined;
    if (!search.found) throw unreachable(wanted, search.fastest, reason);
    const found = { ...wanted, sparsity: search.sparsity, measured: Number(search.share.toPrecision(4)) };
    display.line(describeFound(found));
    all.push(found);
    await keepFound(folder, benchmark.id, found);
  }
  return all;
}

function unreachable(
  { series, latency, batchSize, cpu }: Wanted,
  fastest: { readonly sparsity: number; readonly share: number } | undefined,
  reason: string | undefined,
): PrunebenchError {
  const beyond = reason === undefined ? '' : `; where more is removed: ${reason}`;
  const best =
    fastest === undefined
      ? `no network could be pruned: ${reason}`
      : `the fastest takes ${fastest.share.toFixed(3)} of it, at sparsity ${fastest.sparsity}${beyond}`;
  return new PrunebenchError(
    `No sparsity brings ${series} to ${latency} of the dense latency at batch ${batchSize} on ${cpu}: ${best}.`,
    {
      remedy:
        'Ask for a larger share, for another --batch, for whole neurons and filters (--criterion filter-norm), or for --target multiply-adds=<share>.',
    },
  );
}

/** The question at the sparsities that were found. */
export function atFound(asked: Asked, found: readonly Found[], scale: ScaleName): Asked {
  const declared = asked.benchmark.trials(scale);
  const templates = new Set(templatesOf(declared));
  const trials = declared.flatMap((trial): readonly TrialDeclaration[] => {
    if (!templates.has(trial)) return [trial];
    const own = found.filter(({ series }) => series === trial.series).map(({ sparsity }) => sparsity);
    return [...new Set(own)].toSorted((a, b) => a - b).map((sparsity) => ({ ...trial, at: { sparsity } }));
  });
  return {
    ...asked,
    benchmark: { ...asked.benchmark, trials: (at) => (at === scale ? trials : []) },
  };
}

/** The series that are pruned, each at the point that stands for all. */
function templatesOf(trials: readonly TrialDeclaration[]): readonly TrialDeclaration[] {
  return trials.filter(({ control }) => control !== true);
}

/** "snip: sparsity 0.87, found for latency 0.5 at batch 128 on ..." */
export function describeFound({ series, sparsity, latency, batchSize, cpu, threads, measured, seed }: Found): string {
  const how = `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return `${series}: sparsity ${sparsity}, found for latency ${latency} at batch ${batchSize} on ${cpu}, ${how} (${measured} measured, seed ${seed}).`;
}

/** The same for programs. */
export function foundInJson(found: readonly Found[]) {
  return found.map(({ trial: _, ...rest }) => rest);
}
