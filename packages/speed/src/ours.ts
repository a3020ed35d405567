/** Our side of the speed protocol (see side.ts): answers each JSON line on standard input with one on standard output. */
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { selectBackend } from '@prunebench/backend-select';
import { isObject, type Network, PrunebenchError, randomStream, trainOptions } from '@prunebench/core';
import { batches, loadDataset } from '@prunebench/data';
import { buildModel } from '@prunebench/models';
import { initializeParameters } from '@prunebench/network';
import { Evaluator, TrainingRun } from '@prunebench/training';
import type * as tf from '@tensorflow/tfjs-core';
import { matrixProduct } from './matrix-product.ts';
import type { GemmRequest, MnistRequest, StepsRequest } from './side.ts';
import { madeUpBatch } from './timed-step.ts';
import { BATCH_SIZE, buildWorkload, workloads } from './workloads.ts';

const momentum = (learningRate: number, epochs = 1) =>
  trainOptions.parse({ epochs, learningRate, batchSize: BATCH_SIZE });

function startRun(network: Network, learningRate: number, seed: number, totalSteps: number): TrainingRun {
  const random = randomStream(seed);
  const parameters = initializeParameters(network, random.fork('init'));
  const plan = { extensions: [], random, totalSteps, stepsPerEpoch: totalSteps };
  return new TrainingRun(network, { parameters, masks: {} }, momentum(learningRate), plan);
}

interface Prepared {
  readonly run: TrainingRun;
  readonly evaluator: Evaluator;
  readonly x: Float32Array;
  readonly y: Int32Array;
}

const prepared = new Map<string, Prepared>();

/** A network and one batch, kept for the next request. */
function prepare(name: string): Prepared {
  const known = prepared.get(name);
  if (known) return known;
  const workload = workloads.find(({ network }) => network === name)!;
  const network = buildWorkload(workload);
  const random = randomStream(0);
  const { x, y } = madeUpBatch(network, BATCH_SIZE, random);
  const run = startRun(network, 0.01, 0, 1_000_000);
  const evaluator = new Evaluator(network, run.uploaded.variables, { batchSize: BATCH_SIZE });
  evaluator.compile();
  const made = { run, evaluator, x, y };
  prepared.set(name, made);
  return made;
}

/** A compiled step gives its loss as a number; a GPU's can only be waited for. */
async function readLoss(loss: tf.Scalar | number): Promise<number> {
  if (typeof loss === 'number') return loss;
  const [value] = await loss.data();
  loss.dispose();
  return value;
}

async function timeSteps({ network: name, mode, steps }: StepsRequest): Promise<{ seconds: number[] }> {
  const { run, evaluator, x, y } = prepare(name);
  const seconds: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    if (mode === 'train') {
      await readLoss(run.advance(x, y));
    } else {
      await evaluator.outputs(x, BATCH_SIZE);
    }
    seconds.push((performance.now() - start) / 1e3);
  }
  return { seconds };
}

async function mnistJob({ epochs, learningRate, seed }: MnistRequest): Promise<{ seconds: number; accuracy: number }> {
  const start = performance.now();
  const { splits, inputShape, classes } = await loadDataset('mnist');
  const network = buildModel('lenet-300-100', { inputShape, classes });
  const random = randomStream(seed);
  const stepsPerEpoch = Math.ceil(splits.train.size / BATCH_SIZE);
  const run = startRun(network, learningRate, seed, epochs * stepsPerEpoch);
  const evaluator = new Evaluator(network, run.uploaded.variables);
  let accuracy = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.fork(`order/${epoch}`).permutation(splits.train.size);
    for (const { x, y } of batches(splits.train, { batchSize: BATCH_SIZE, inputShape, order }))
      await readLoss(run.advance(x, y));
    accuracy = (await evaluator.evaluate(splits.test)).accuracy;
  }
  return { seconds: (performance.now() - start) / 1e3, accuracy };
}

type Request = StepsRequest | MnistRequest | GemmRequest;

/** What this side reads of each job's request. */
const read: Readonly<Record<Request['job'], Readonly<Record<string, 'string' | 'number'>>>> = {
  steps: { network: 'string', mode: 'string', steps: 'number' },
  mnist: { epochs: 'number', learningRate: 'number', seed: 'number' },
  gemm: { size: 'number', repeats: 'number' },
};

function isRequest(value: unknown): value is Request {
  const fields = isObject(value) && Object.entries(read).find(([job]) => job === value.job)?.[1];
  return fields ? Object.entries(fields).every(([name, type]) => typeof value[name] === type) : false;
}

function requestOf(line: string): Request {
  const value: unknown = JSON.parse(line);
  if (isRequest(value)) return value;
  throw new PrunebenchError(`This is no job of our side: ${line.slice(0, 200)}`, {
    remedy: `Ask for ${Object.keys(read).join(', ')}, as side.ts has them.`,
  });
}

const backend = await selectBackend();
console.log(JSON.stringify({ ready: true, version: backend.name }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = requestOf(line);
  const answer =
    request.job === 'steps'
      ? await timeSteps(request)
      : request.job === 'mnist'
        ? await mnistJob(request)
        : await matrixProduct(request);
  console.log(JSON.stringify({ ...answer, residentMiB: process.resourceUsage().maxRSS / 1024 }));
}
