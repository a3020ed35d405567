/**
 * A worker process: loads its backend, then runs one task after another and answers each with a result. Everything
 * that it leaves behind is committed on disk before it answers, so it may be killed at any moment.
 */
import { selectBackend } from '@prunebench/backend-select';
import {
  type Dataset,
  DivergenceError,
  LayerCollapseError,
  type Network,
  networkOf,
  type Progress,
} from '@prunebench/core';
import { diskError, onNotice } from '@prunebench/files';
import { writeRecord } from '@prunebench/records';
import { evaluate, ScoreMemory } from '@prunebench/training';
import { spentTime } from '@prunebench/training/spent-time';
import { errorMessage } from '../errors/error-message.ts';
import { pluginError } from '../errors/plugin-error.ts';
import { lookUp } from '../options/suggest.ts';
import { versions } from '../provenance.ts';
import { loadRegistry, type Registry } from '../registry.ts';
import { type ResultsFolder, resultsFolder } from '../results/results-folder.ts';
import { LostStageError, StageStore } from '../stages/stage-store.ts';
import { endWithParent } from './end-with-parent.ts';
import { makeRecord } from './make-record.ts';
import type {
  FromWorker,
  RecordTask,
  Task,
  TaskResult,
  TaskTime,
  ToWorker,
  WorkerConfig,
  WorkerInfo,
} from './protocol.ts';
import { runStage } from './run-stage.ts';
import { shareOfMemory } from './share-memory.ts';

const PROGRESS_INTERVAL_MS = 200;

interface Setup {
  readonly profile: boolean;
  readonly info: WorkerInfo;
  readonly registry: Registry;
  readonly folder: ResultsFolder;
  readonly store: StageStore;
  readonly scoreMemory: ScoreMemory;
}

const controller = new AbortController();
const datasets = new Map<string, Dataset>();
let setup: Setup | undefined;

// The parent decides when to stop; a Ctrl-C reaches the whole group of processes. Without a parent nobody wants the work.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
endWithParent();
onNotice(notice);
process.on('message', (message: ToWorker) => {
  if (message.type === 'configure') void configure(message.config);
  else if (message.type === 'abort') controller.abort();
  else void answer(message.task);
});

function send(message: FromWorker): void {
  process.send?.(message);
}

async function configure(config: WorkerConfig): Promise<void> {
  try {
    const registry = await loadRegistry(config.plugins);
    const { name, threads, untrainable, line, instructions } = await selectBackend(config.backend);
    const info = {
      backend: name,
      threads,
      untrainable,
      reason: line,
      versions: versions(),
      ...(instructions !== undefined && { instructions }),
    };
    const folder = resultsFolder(config.results);
    setup = {
      profile: config.profile,
      info,
      registry,
      folder,
      store: new StageStore(folder.stages),
      scoreMemory: new ScoreMemory(shareOfMemory(config.workers)),
    };
    send({ type: 'ready', info });
  } catch (error) {
    send({ type: 'unusable', error: errorMessage(error) });
  }
}

async function answer(task: Task): Promise<void> {
  const ready = setup!;
  if (!ready.profile) return send({ type: 'result', result: await run(task, ready) });
  spentTime.start();
  const result = await run(task, ready);
  send({ type: 'result', result, time: timeOfTask() });
}

let processorSecondsBefore = 0;

function timeOfTask(): TaskTime {
  const { user, system } = process.cpuUsage();
  const processorSeconds = (user + system) / 1e6 - processorSecondsBefore;
  processorSecondsBefore += processorSeconds;
  return { parts: [...spentTime.stop()], processorSeconds };
}

async function run(task: Task, ready: Setup): Promise<TaskResult> {
  try {
    const seconds =
      task.type === 'stage'
        ? await stageTask(task.stage, ready)
        : await spentTime.during('records', () => recordTask(task, ready));
    return { status: 'done', seconds };
  } catch (error) {
    return resultOf(error, ready.registry, task);
  }
}

function resultOf(error: unknown, { plugins }: Registry, task: Task): TaskResult {
  if (controller.signal.aborted) return { status: 'aborted' };
  if (error instanceof DivergenceError || error instanceof LayerCollapseError)
    return { status: 'failed', reason: error.message };
  if (error instanceof LostStageError) return { status: 'lost', key: error.key };
  if (diskError(error)) return { status: 'fatal', error: errorMessage(error) };
  const step = task.type === 'stage' ? task.stage.steps.at(-1) : undefined;
  return { status: 'error', error: errorMessage(pluginError(error, plugins, step) ?? error) };
}

async function stageTask(stage: Extract<Task, { type: 'stage' }>['stage'], ready: Setup): Promise<number> {
  const { info, registry, store, scoreMemory } = ready;
  return runStage(stage, {
    ...(await subject(stage.dataset, stage.network, registry)),
    ...(await pretrainedFor(stage.dataset, stage.network, registry)),
    backend: info.backend,
    registry,
    store,
    scoreMemory,
    signal: controller.signal,
    notice,
    onProgress: throttled((progress) => send({ type: 'progress', progress })),
  });
}

async function recordTask(task: RecordTask, { info, registry, folder, store }: Setup): Promise<number> {
  const start = performance.now();
  const { dataset, network } = await subject(task.trial.spec.dataset, task.trial.spec.network, registry);
  const record = await makeRecord(task, {
    network,
    datasetChecksum: dataset.checksum,
    worker: info,
    store,
    notice,
    evaluate: (state, split) =>
      evaluate(networkOf(state, network), state, dataset.splits[split], { signal: controller.signal }),
  });
  await writeRecord(folder.table(task.benchmark, task.scale), task.trial.name, record);
  return (performance.now() - start) / 1000;
}

async function subject(datasetId: string, networkId: string, registry: Registry) {
  const entry = lookUp(registry.datasets, 'dataset', datasetId);
  const dataset = datasets.get(datasetId) ?? (await spentTime.during('data', () => entry.load()));
  datasets.set(datasetId, dataset);
  const model = registry.network(networkId);
  const network: Network = model.build(entry.shape);
  return { dataset, network, initializer: model.initializer };
}

/** What a network that was trained elsewhere brings along; nothing for one whose first weights are drawn. */
async function pretrainedFor(datasetId: string, networkId: string, registry: Registry) {
  const entry = lookUp(registry.datasets, 'dataset', datasetId);
  const { build, pretrained } = registry.network(networkId);
  return pretrained ? { pretrained: await pretrained.load(build(entry.shape)) } : {};
}

function notice(line: string): void {
  send({ type: 'notice', line });
}

/** Lets through at most a few reports each second. */
function throttled(report: (progress: Progress) => void): (progress: Progress) => void {
  let last = 0;
  return (progress) => {
    if (performance.now() - last < PROGRESS_INTERVAL_MS) return;
    last = performance.now();
    report(progress);
  };
}
