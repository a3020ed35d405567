/**
 * Measures what every criterion of this package costs on a trained network, and what pruning by it does before any
 * retraining: processor seconds (all threads) for scores and compensation, peak memory of the process above that of the trained network, test accuracy.
 *
 *     node bench/measure-cost.ts <model> [sparsity] [global|layerwise] [criterion ...]
 *
 * The network is trained here for a few epochs. Each criterion runs in a process of its own, so that its memory can be told.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectBackend } from '@prunebench/backend-select';
import {
  applyMasks,
  type Criterion,
  type Dataset,
  type Network,
  PrunebenchError,
  type State,
  scope,
  scored,
  select,
  trainOptions,
} from '@prunebench/core';
import { magnitude } from '@prunebench/criterion-magnitude';
import { loadDataset } from '@prunebench/data';
import { readState, writeState } from '@prunebench/interop';
import { buildModel, findModel } from '@prunebench/models';
import { openSession } from '@prunebench/training';
import secondOrder from '../src/index.ts';

const SEED = 1;
const known = new Map<string, Criterion>(
  [magnitude, ...secondOrder.criteria].map((criterion) => [criterion.id, criterion]),
);

interface Cost {
  /** Why the criterion would not run; the rest is then absent. */
  readonly refused?: string;
  readonly score: number;
  readonly compensate: number;
  readonly mebibytes: number;
  readonly accuracy: number;
}

const [model = 'lenet-300-100', sparsity = '0.9', scopeName = 'layerwise', ...wanted] = process.argv.slice(2);
if (process.env.MEASURE_STATE) console.log(JSON.stringify(await attempt(wanted[0], process.env.MEASURE_STATE)));
else await measureAll();

async function attempt(id: string, file: string): Promise<Cost | { refused: string }> {
  try {
    return await measure(id, file);
  } catch (error) {
    if (error instanceof PrunebenchError) return { refused: error.message };
    throw error;
  }
}

async function measureAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prunebench-cost-'));
  try {
    const file = join(folder, 'trained.safetensors');
    const trained = await train(file);
    console.log(
      `${model}, ${trained.toFixed(2)} % test accuracy before pruning, sparsity ${sparsity}, scope ${scopeName}\n`,
    );
    console.log('| criterion | score, s | compensate, s | memory, MiB | accuracy, % |');
    console.log('| --- | --- | --- | --- | --- |');
    for (const id of wanted.length > 0 ? wanted : known.keys()) {
      const output = execFileSync(process.execPath, [import.meta.filename, model, sparsity, scopeName, id], {
        env: { ...process.env, MEASURE_STATE: file },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const { refused, score, compensate, mebibytes, accuracy }: Cost = JSON.parse(output.trim().split('\n').at(-1)!);
      if (refused !== undefined) {
        console.log(`| ${id} | refused: ${refused} | | | |`);
        continue;
      }
      console.log(
        `| ${id} | ${score.toFixed(1)} | ${compensate.toFixed(1)} | ${mebibytes.toFixed(0)} | ${accuracy.toFixed(2)} |`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function train(file: string): Promise<number> {
  await selectBackend();
  const { dataset, network } = await problem();
  const session = sessionOf(dataset, network);
  // Enough for a sensible comparison on MNIST; a deep network is only timed.
  const epochs = findModel(model).defaultDataset === 'mnist' ? 5 : 0.05;
  const options = trainOptions.parse({ epochs, learningRate: 0.05 });
  const { state } = await session.train({ parameters: session.initialParameters(), masks: {} }, options);
  await writeState(file, state);
  return (await session.evaluate(state, 'test')).accuracy;
}

async function measure(id: string, file: string): Promise<Cost> {
  await selectBackend();
  const { dataset, network } = await problem();
  const session = sessionOf(dataset, network);
  const state: State = await readState(file);
  const criterion = known.get(id)!;
  const options = criterion.options.parse({});
  const subject = {
    ...state,
    network,
    initialParameters: state.parameters,
    random: session.random,
    batches: ({ batchSize }: { batchSize: number }) => calibrationBatches(dataset, network, batchSize),
  };
  const before = process.resourceUsage().maxRSS;
  const started = processorSeconds();
  const { scores, compensate } = await scored(criterion, subject, options);
  const scoredAt = processorSeconds();
  const masks = criterion.threshold
    ? criterion.threshold(scores, subject, options)
    : select(network, scores, { sparsity: Number(sparsity), scope: scope.parse(scopeName), allowLayerCollapse: true });
  const selected = processorSeconds();
  const parameters = await (compensate?.(masks) ??
    criterion.compensate?.(subject, masks, options) ??
    applyMasks(state.parameters, masks));
  const compensated = processorSeconds();
  const { accuracy } = await session.evaluate({ parameters, masks }, 'test');
  return {
    score: scoredAt - started,
    compensate: compensated - selected,
    mebibytes: (process.resourceUsage().maxRSS - before) / 1024,
    accuracy,
  };
}

/** Of this process: other programs on the machine do not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function problem(): Promise<{ dataset: Dataset; network: Network }> {
  const dataset = await loadDataset(findModel(model).defaultDataset);
  return { dataset, network: buildModel(model, { inputShape: dataset.inputShape, classes: dataset.classes }) };
}

function sessionOf(dataset: Dataset, network: Network) {
  return openSession({
    dataset,
    network,
    seed: SEED,
    position: 0,
    signal: new AbortController().signal,
    criteria: known,
    initializer: findModel(model).initializer,
    stateAfter: () => Promise.reject(new Error('one step only')),
  });
}

function* calibrationBatches({ splits: { calibration } }: Dataset, { inputShape }: Network, batchSize: number) {
  const width = inputShape.reduce((product, size) => product * size, 1);
  for (let start = 0; start < calibration.size; start += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, calibration.size - start) }, (_, i) => start + i);
    const x = new Float32Array(indices.length * width);
    calibration.fill(indices, x);
    yield { x, y: calibration.labels.slice(start, start + indices.length), size: indices.length };
  }
}
