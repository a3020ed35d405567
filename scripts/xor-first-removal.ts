/**
 * The XOR experiment of the optimal brain surgeon paper: which parameter of a trained 2-2-1 network each criterion removes first,
 * whether the network still solves XOR then, and whether it can learn to again. Prints the table in benchmarks/obd-vs-obs-monk/README.md.
 *
 *     node scripts/xor-first-removal.ts [seeds]
 */

import { selectBackend } from '@prunebench/backend-select';
import {
  applyMasks,
  type Batch,
  type Dataset,
  defineNetwork,
  INPUT,
  type ParameterRecord,
  type RandomStream,
  randomStream,
  type Scores,
  type Split,
  type State,
  type Subject,
  scored,
  trainOptions,
} from '@prunebench/core';
import { obsStopRule } from '@prunebench/criterion-second-order';
import { initializeParameters } from '@prunebench/network';
import { evaluate, train } from '@prunebench/training';
import { markdownTable } from 'markdown-table';

/** Mean half squared error that tells a solution from the local minima, which lie at 1/16 and more. */
const SOLVED_LOSS = 0.005;

const network = defineNetwork({
  name: 'xor',
  inputShape: [2],
  loss: 'squared-error',
  layers: [
    { kind: 'dense', name: 'hidden', inputs: [INPUT], units: 2, useBias: true },
    { kind: 'activation', name: 'act1', inputs: ['hidden'], activation: 'sigmoid' },
    { kind: 'dense', name: 'output', inputs: ['act1'], units: 1, useBias: true },
    { kind: 'activation', name: 'act2', inputs: ['output'], activation: 'sigmoid' },
  ],
});

const batch: Batch = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: Int32Array.of(0, 1, 1, 0), size: 4 };
const split: Split = {
  size: batch.size,
  labels: batch.y,
  fill: (indices, out) => {
    for (const [row, index] of Array.from(indices).entries())
      out.set(batch.x.subarray(2 * index, 2 * index + 2), 2 * row);
  },
};
const dataset: Dataset = {
  id: 'xor',
  inputShape: [2],
  classes: 2,
  splits: { train: split, validation: split, calibration: split, test: split },
  checksum: 'xor',
};

interface Parameter {
  readonly name: string;
  readonly index: number;
}

await selectBackend('cpu');
const seeds = Number(process.argv[2] ?? 100);
const results: Record<string, { kinds: Map<string, number>; kept: number; relearned: number; loss: number }> = {};
let solved = 0;
for (let seed = 0; seed < seeds; seed++) {
  const subject = await trained(seed);
  if (!subject) continue;
  solved++;
  for (const [name, removal] of Object.entries(await removals(subject))) {
    results[name] ??= { kinds: new Map(), kept: 0, relearned: 0, loss: 0 };
    const { first, parameters } = removal;
    const after = await evaluate(network, { parameters, masks: {} }, split);
    results[name].kinds.set(first.name, (results[name].kinds.get(first.name) ?? 0) + 1);
    results[name].kept += after.accuracy === 100 ? 1 : 0;
    results[name].loss += after.loss;
    results[name].relearned += (await retrained({ parameters, masks: masksWithout(parameters, first) }, seed)) ? 1 : 0;
  }
}
console.log(`${solved} of ${seeds} networks solve XOR.\n`);
const share = (count: number) => `${Math.round((100 * count) / solved)} %`;
console.log(
  markdownTable([
    [
      'first removal by',
      'hidden bias',
      'hidden weight',
      'output weight',
      'output bias',
      'still solves XOR',
      'mean loss',
      'after retraining',
    ],
    ...Object.entries(results).map(([name, { kinds, kept, relearned, loss }]) => [
      name,
      ...['hidden/bias', 'hidden/kernel', 'output/kernel', 'output/bias'].map((kind) => share(kinds.get(kind) ?? 0)),
      share(kept),
      (loss / solved).toFixed(4),
      share(relearned),
    ]),
  ]),
);

/** A network that solves XOR well, or none where training ended in a local minimum. */
async function trained(seed: number): Promise<Subject | undefined> {
  const random = randomStream(seed);
  const initialParameters = initializeParameters(network, random.fork('init'));
  const state = await learned({ parameters: initialParameters, masks: {} }, random);
  return state && { network, ...state, initialParameters, batches: () => [batch], random };
}

async function retrained(state: State, seed: number): Promise<boolean> {
  return (await learned(state, randomStream(seed, 'retrain'))) !== undefined;
}

async function learned(start: State, random: RandomStream): Promise<State | undefined> {
  const options = trainOptions.parse({ epochs: 2000, batchSize: 4, learningRate: 0.05, optimizer: { kind: 'adam' } });
  const { state } = await train(network, start, dataset, options, { random });
  const { accuracy, loss } = await evaluate(network, state, split);
  return accuracy === 100 && loss < SOLVED_LOSS ? state : undefined;
}

/** Biases compete with the weights, as in the paper; only optimal brain surgeon moves the others. */
async function removals(subject: Subject) {
  const { parameters } = subject;
  const { scores, compensate } = await scored(obsStopRule, subject, { biases: true });
  const surgeon = lowest(scores);
  const curvature = await diagonal(subject);
  return {
    magnitude: without(parameters, lowest(map(parameters, Math.abs))),
    OBD: without(parameters, lowest(map(parameters, (w, name, i) => 0.5 * curvature[name][i] * w ** 2))),
    OBS: { first: surgeon, parameters: await compensate!(masksWithout(parameters, surgeon)) },
  };
}

/** ∂²E/∂w² of every parameter, by central differences of the loss. */
async function diagonal({ parameters }: Subject): Promise<Record<string, number[]>> {
  const step = 0.05;
  const lossAt = async (name: string, index: number, offset: number) => {
    const values = parameters[name].values.slice();
    values[index] += offset;
    const moved: State = { parameters: { ...parameters, [name]: { ...parameters[name], values } }, masks: {} };
    return (await evaluate(network, moved, split)).loss;
  };
  const result: Record<string, number[]> = {};
  for (const [name, { values }] of Object.entries(parameters)) {
    result[name] = [];
    for (const index of values.keys()) {
      const [up, here, down] = [
        await lossAt(name, index, step),
        await lossAt(name, index, 0),
        await lossAt(name, index, -step),
      ];
      result[name].push((up - 2 * here + down) / step ** 2);
    }
  }
  return result;
}

function map(parameters: ParameterRecord, score: (w: number, name: string, index: number) => number): Scores {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { values }]) => [
      name,
      Float64Array.from(values, (w, i) => score(w, name, i)),
    ]),
  );
}

function lowest(scores: Scores): Parameter {
  const all = Object.entries(scores).flatMap(([name, values]) =>
    Array.from(values, (score, index) => ({ name, index, score })),
  );
  return all.reduce((least, each) => (each.score < least.score ? each : least));
}

function masksWithout(parameters: ParameterRecord, { name, index }: Parameter) {
  return { [name]: Uint8Array.from(parameters[name].values, (_, i) => (i === index ? 0 : 1)) };
}

function without(parameters: ParameterRecord, first: Parameter) {
  return { first, parameters: applyMasks(parameters, masksWithout(parameters, first)) };
}
