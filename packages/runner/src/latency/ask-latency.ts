/** The search for a latency as a command makes it: alone in its results folder, with what it does on the screen and in the log. */
import { join } from 'node:path';
import { getThreads } from '@prunebench/backend-native';
import { PrunebenchError, type ScaleName } from '@prunebench/core';
import { makeFolder, onNotice } from '@prunebench/files';
import { Baselines, measureSpeed } from '@prunebench/sparse';
import { createDisplay } from '../progress/display.ts';
import { StatusFile } from '../progress/status-file.ts';
import { host } from '../provenance.ts';
import type { Asked } from '../question/own-question.ts';
import type { Registry } from '../registry.ts';
import { lockResults } from '../results/lock.ts';
import { rememberPlugins } from '../results/remembered-plugins.ts';
import { openResults, resultsFolder } from '../results/results-folder.ts';
import { TURNS, whyNotNative } from '../speed/measure-missing.ts';
import type { Found } from './found.ts';
import { atFound, type LatencyMeter, type LatencyTarget, pendingSearches, searchAll } from './latency-target.ts';
import { Probe } from './probe.ts';
import { MOST_MEASURED } from './search.ts';

export interface AskLatencyOptions {
  readonly registry: Registry;
  readonly scale: ScaleName;
  readonly results: string;
  readonly backend: string;
  readonly plugins: readonly string[];
  /** Searches again for what was found before. */
  readonly rerun: boolean;
  /** Searches for nothing: what is not known yet stays at the point at which the question was asked. */
  readonly dryRun: boolean;
  readonly command: readonly string[];
  readonly stream: NodeJS.WriteStream | null;
  readonly signal: AbortSignal;
}

/** The question at the sparsities that were found. */
export interface AskedLatency {
  readonly asked: Asked;
  readonly found: readonly Found[];
  /** Series and shares that a dry run leaves unknown, in words. */
  readonly unknown: readonly string[];
}

/**
 * Finds the sparsities of a question that asks for a latency, and asks it there.
 *
 * @returns undefined where the search was stopped
 * @throws PrunebenchError where no network can be timed here, and where none gets that fast
 */
export async function askLatency(
  asked: Asked,
  target: LatencyTarget,
  options: AskLatencyOptions,
): Promise<AskedLatency | undefined> {
  const { registry, scale, signal } = options;
  using baselines = new Baselines();
  const meter = await meterOf(baselines);
  const id = asked.benchmark.id;
  const place = { registry, scale, meter, folder: resultsFolder(options.results) };
  const searches = await pendingSearches(asked, target, place, options.rerun);
  const known = { asked: atFound(asked, searches.known, scale), found: searches.known, unknown: [] };
  if (searches.open.length === 0) return known;
  if (options.dryRun)
    return {
      ...(searches.known.length === 0 ? { ...known, asked } : known),
      unknown: searches.open.map(
        ({ wanted: { series, latency, batchSize } }) =>
          `${series}: the sparsity for latency ${latency} at batch ${batchSize} is searched for first, by pruning and timing seed ${target.seed} at up to ${MOST_MEASURED} sparsities; it is not among the trials above.`,
      ),
    };
  const folder = await openResults(options.results);
  await makeFolder(join(folder.root, id));
  const release = await lockResults(folder);
  const status = await StatusFile.begin(folder.status, { benchmark: id, scale, command: [...options.command] });
  const display = status.follow(createDisplay(options.stream, folder.log(id)));
  const silence = onNotice((line) => display.line(line));
  const probe = new Probe({ ...options, folder, seed: target.seed, display });
  try {
    await rememberPlugins(folder, id, options.plugins);
    await status.enter('training');
    const found = await searchAll(asked, searches, probe, { ...place, folder, display });
    await status.end(found && !signal.aborted ? 'finished' : 'stopped');
    return found && { asked: atFound(asked, found, scale), found, unknown: [] };
  } catch (error) {
    await status.fail(error);
    throw error;
  } finally {
    silence();
    await probe.close();
    await release();
  }
}

/** As the pass that times networks measures them. */
async function meterOf(baselines: Baselines): Promise<LatencyMeter> {
  const reason = await whyNotNative();
  if (reason !== undefined)
    throw new PrunebenchError(`A latency needs networks that are compiled for the native backend, and ${reason}.`, {
      remedy: 'Ask for --target multiply-adds=<share>; ./prunebench doctor says what the native backend needs.',
    });
  return {
    cpu: host().cpu,
    threads: getThreads(),
    async share({ network, state }, batchSize) {
      const [{ speedup }] = await measureSpeed(network, state, { batchSizes: [batchSize], ...TURNS, baselines });
      return 1 / speedup;
    },
  };
}
