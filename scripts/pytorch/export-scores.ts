/**
 * Writes what PyTorch needs to compute the same scores: networks, parameters, a batch, and our scores and masks.
 *
 *     node scripts/pytorch/export-scores.ts <folder> [backend]
 *     python3 scripts/pytorch/compare.py <folder>
 *
 * One safetensors file per network: `parameters/<name>`, `batch/x`, `batch/y`, `scores/<compared>/<kernel>` and
 * `masks/<compared>/<kernel>` (the 10 % of the weights that a global ranking keeps); the graph is in the metadata.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectBackend } from '@prunebench/backend-select';
import {
  type Batch,
  type Criterion,
  type Network,
  type ParameterRecord,
  randomStream,
  type Scores,
  type Subject,
  scored,
  select,
  sizeOf,
} from '@prunebench/core';
import { encodeSafetensors, type SafetensorsTensor } from '@prunebench/interop';
import { initializeParameters } from '@prunebench/network';
import { loadRegistry } from '@prunebench/runner';

const EXAMPLES = 50;
const CLASSES = 10;
const SPARSITY = 0.9;

const networks: Readonly<Record<string, readonly number[]>> = {
  'lenet-300-100': [784],
  'lenet-5-caffe': [28, 28, 1],
  'vgg-11': [32, 32, 3],
  'resnet-20': [32, 32, 3],
};

const grasp = { batchSize: EXAMPLES, samplesPerClass: EXAMPLES / CLASSES, temperature: 200 };

/** What is compared: a criterion, and options that make it use the whole batch. SNIP and GraSP in both modes of batch norm. */
const compared: Readonly<Record<string, { readonly criterion: string; readonly options: object }>> = {
  'snip-running': { criterion: 'snip', options: { batchSize: EXAMPLES, statistics: 'running' } },
  'snip-batch': { criterion: 'snip', options: { batchSize: EXAMPLES, statistics: 'batch' } },
  'grasp-running': { criterion: 'grasp', options: { ...grasp, statistics: 'running' } },
  'grasp-batch': { criterion: 'grasp', options: { ...grasp, statistics: 'batch' } },
  synflow: { criterion: 'synflow', options: {} },
  'fisher-diagonal': { criterion: 'fisher-diagonal', options: { samples: EXAMPLES } },
  obd: { criterion: 'obd', options: { samples: EXAMPLES, curvature: 'gauss-newton' } },
};

const [, , folder, backend = 'auto'] = process.argv;
if (!folder) throw new Error('usage: node scripts/pytorch/export-scores.ts <folder> [backend]');
await mkdir(folder, { recursive: true });
console.log((await selectBackend(backend)).line);
const registry = await loadRegistry();
for (const [id, inputShape] of Object.entries(networks)) {
  const entry = registry.network(id);
  const network = entry.build({ inputShape, classes: CLASSES });
  const parameters = initializeParameters(network, randomStream(1, id), entry.initializer);
  const batch = gaussianBatch(network, id);
  const tensors: Record<string, SafetensorsTensor> = {
    'batch/x': { shape: [batch.size, ...inputShape], values: batch.x },
    'batch/y': { shape: [batch.size], values: batch.y },
    ...prefixed('parameters', parameters, (parameter) => parameter),
  };
  for (const [name, { criterion, options }] of Object.entries(compared)) {
    const scores = await scoresOf(registry.criteria.get(criterion)!, options, subjectOf(network, parameters, batch));
    const masks = select(network, scores, { sparsity: SPARSITY, allowLayerCollapse: true });
    const shapeOf = (kernel: string) => parameters[kernel].shape;
    Object.assign(
      tensors,
      prefixed(`scores/${name}`, scores, (values, kernel) => ({ shape: shapeOf(kernel), values })),
      prefixed(`masks/${name}`, masks, (values, kernel) => ({ shape: shapeOf(kernel), values })),
    );
  }
  const metadata = { network: JSON.stringify(network) };
  await writeFile(join(folder, `${id}.safetensors`), encodeSafetensors({ tensors, metadata }));
  console.log(`${id}.safetensors written`);
}

/** Gaussian examples with as many of each class. */
function gaussianBatch(network: Network, id: string): Batch {
  const stream = randomStream(1, `batch/${id}`);
  return {
    x: new Float32Array(EXAMPLES * sizeOf(network.inputShape)).map(() => stream.normal()),
    y: Int32Array.from({ length: EXAMPLES }, (_, n) => n % CLASSES),
    size: EXAMPLES,
  };
}

function subjectOf(network: Network, parameters: ParameterRecord, batch: Batch): Subject {
  return {
    network,
    parameters,
    masks: {},
    initialParameters: parameters,
    batches: () => [batch],
    random: randomStream(1, 'scores'),
  };
}

async function scoresOf(criterion: Criterion, options: object, subject: Subject): Promise<Scores> {
  return (await scored(criterion, subject, options)).scores;
}

function prefixed<T>(
  prefix: string,
  entries: Readonly<Record<string, T>>,
  tensor: (entry: T, name: string) => SafetensorsTensor,
): Record<string, SafetensorsTensor> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [`${prefix}/${name}`, tensor(entry, name)]));
}
