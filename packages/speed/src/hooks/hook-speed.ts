import { join, resolve } from 'node:path';
import { setThreads } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { randomStream, trainOptions } from '@prunebench/core';
import { makeFolder, writeWhole } from '@prunebench/files';
import { initializeParameters } from '@prunebench/network';
import { type NamedExtension, TrainingRun } from '@prunebench/training';
import { markdownTable } from 'markdown-table';
import { csvOf } from '../csv.ts';
import { fixed, withRange } from '../format.ts';
import { describeHost } from '../host.ts';
import type { SpeedOptions, SpeedResult } from '../speed-options.ts';
import { ENDLESS, madeUpBatch, timedStep } from '../timed-step.ts';
import { milliseconds, ours, ratioOf, takeTurns } from '../turns.ts';
import { buildWorkload, type Workload, workloads } from '../workloads.ts';
import { hooks } from './hook-extensions.ts';

/** A training step with a hook beside the plain one. */
export interface HookRow {
  readonly network: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly hook: string;
  readonly milliseconds: number;
  readonly plainMilliseconds: number;
  /** Time with the hook / time without: the median over rounds, and the range. */
  readonly overPlain: number;
  readonly overPlainMin: number;
  readonly overPlainMax: number;
}

const batchSizes: Readonly<Record<string, readonly number[]>> = {
  'lenet-300-100': [60, 128],
  'lenet-5-caffe': [128],
  'resnet-20': [128],
};
const PLAIN = 'plain';

/** Measures compiled training steps with hooks against the plain compiled step, in turns. */
export async function runHookSpeed(options: SpeedOptions): Promise<SpeedResult<HookRow>> {
  const { threads, rounds, networks = Object.keys(batchSizes), log, resultsDir } = options;
  await selectBackend('native');
  const rows: HookRow[] = [];
  for (const count of threads) {
    setThreads(count);
    for (const workload of workloads.filter(({ network }) => networks.includes(network)))
      for (const batchSize of batchSizes[workload.network] ?? []) {
        rows.push(...(await measure(workload, batchSize, count, rounds)));
        log(`${workload.network}, batch ${batchSize}, ${count} thread(s): ${rows.length} hooks measured`);
      }
  }
  const files: string[] = [];
  if (!options.networks) {
    await makeFolder(resolve(resultsDir));
    files.push(join(resultsDir, 'speed-hooks.csv'));
    await writeWhole(files[0], csvOf(rows, describeHost()));
  }
  return { rows, jobs: [], table: tableOf(rows), files };
}

async function measure(workload: Workload, batchSize: number, threads: number, rounds: number): Promise<HookRow[]> {
  const network = buildWorkload(workload);
  const random = randomStream(0, 'hooks');
  const state = { parameters: initializeParameters(network, random.fork('init')), masks: {} };
  const options = trainOptions.parse({ epochs: 1, learningRate: 0.01, batchSize });
  const batch = madeUpBatch(network, batchSize, random);
  const start = (extensions: readonly NamedExtension[]) =>
    new TrainingRun(network, state, options, { extensions, random, ...ENDLESS });
  using open = new DisposableStack();
  const runs = Object.entries(hooks).map(
    ([id, make]) => [id, open.use(start([{ id, extension: make({ network, state, options }) }]))] as const,
  );
  const contestants = Object.fromEntries(
    [[PLAIN, open.use(start([]))] as const, ...runs].map(([id, run]) => [id, ours(() => void timedStep(run, batch))]),
  );
  const slices = await takeTurns(contestants, rounds);
  const plain = slices[PLAIN]!;
  return Object.keys(hooks).map((hook) => {
    // Time with the hook over time without: the other way round than where we are faster.
    const ratio = ratioOf(slices[hook], plain)!;
    return {
      network: workload.network,
      batchSize,
      threads,
      hook,
      milliseconds: milliseconds(slices[hook])!,
      plainMilliseconds: milliseconds(plain)!,
      overPlain: ratio.median,
      overPlainMin: ratio.min,
      overPlainMax: ratio.max,
    };
  });
}

function tableOf(rows: readonly HookRow[]): string {
  const columns = [...new Set(rows.map(columnOf))];
  const cell = (hook: string, column: string) => {
    const row = rows.find((one) => one.hook === hook && columnOf(one) === column);
    return row ? withRange(row.overPlain, row.overPlainMin, row.overPlainMax) : '';
  };
  const plain = columns.map((column) => fixed(rows.find((row) => columnOf(row) === column)!.plainMilliseconds));
  return markdownTable([
    ['time of a step over the plain one', ...columns],
    ['plain, ms', ...plain],
    ...Object.keys(hooks).map((hook) => [hook, ...columns.map((column) => cell(hook, column))]),
  ]);
}

function columnOf({ network, batchSize, threads }: HookRow): string {
  return `${network}, batch ${batchSize}, ${threads} thread${threads === 1 ? '' : 's'}`;
}
