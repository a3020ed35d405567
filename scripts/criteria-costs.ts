/**
 * Measures what scoring costs and writes docs/criteria-costs.md. Every criterion runs in a process of its own.
 *
 *     node scripts/criteria-costs.ts [--backend native] [--limit <seconds>]
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { selectBackend } from '@prunebench/backend-select';
import {
  type Batch,
  costOf,
  initializeParameters,
  type Network,
  PrunebenchError,
  randomStream,
  type Subject,
  sizeOf,
} from '@prunebench/core';
import { loadRegistry } from '@prunebench/runner';
import { markdownTable } from 'markdown-table';

const networks: Readonly<Record<string, readonly number[]>> = {
  'lenet-300-100': [784],
  'resnet-20': [32, 32, 3],
  'vgg-16': [32, 32, 3],
};
const CLASSES = 10;
const EXAMPLES = 2000;

/** What one process reports: seconds and its peak memory, or why there is no score. */
type Measurement = { readonly seconds: number; readonly megabytes: number } | { readonly failure: string };

const { values, positionals } = parseArgs({
  options: { backend: { type: 'string', default: 'auto' }, limit: { type: 'string', default: '600' } },
  allowPositionals: true,
});
if (positionals.length === 0) await writeTable();
else console.log(JSON.stringify(await measure(positionals[0], positionals[1])));

async function writeTable(): Promise<void> {
  const { criteria, model } = await loadRegistry();
  const names = Object.keys(networks);
  const rows: string[][] = [];
  for (const id of criteria.keys()) {
    const row = [`\`${id}\``];
    for (const network of names) row.push(cell(await inOwnProcess(network, id)));
    rows.push(row);
    console.log(row.join('  '));
  }
  const header = names.map((id) => {
    const { prunable } = costOf(model(id).build({ inputShape: networks[id], classes: CLASSES }));
    return `${id} (${prunable.total.toLocaleString('en')} weights)`;
  });
  await writeFile(
    fileURLToPath(new URL('../docs/criteria-costs.md', import.meta.url)),
    `${[
      '# What scoring costs',
      'Written by `node scripts/criteria-costs.ts`; do not edit.',
      `Seconds for one call of \`score\` with default options and the process's peak memory, on ${cpus()[0].model.trim()}, ${cpus().length} threads, backend \`${values.backend}\`. Random weights and ${EXAMPLES} random examples to draw on. Iterative schedules call \`score\` once per round.`,
      markdownTable([['criterion', ...header], ...rows]),
    ].join('\n\n')}\n`,
  );
}

function cell(measurement: Measurement): string {
  if ('failure' in measurement) return measurement.failure;
  return `${measurement.seconds.toFixed(2)} s, ${Math.round(measurement.megabytes).toLocaleString('en')} MB`;
}

function inOwnProcess(network: string, criterion: string): Promise<Measurement> {
  const script = fileURLToPath(import.meta.url);
  const limit = Number(values.limit);
  return new Promise((resolve, reject) => {
    const options = { timeout: 1000 * limit, maxBuffer: 2 ** 24 };
    execFile(
      process.execPath,
      [script, `--backend=${values.backend}`, network, criterion],
      options,
      (error, out, log) => {
        if (error?.killed) resolve({ failure: `more than ${limit} s` });
        else if (error) reject(new Error(`${criterion} on ${network}: ${log}`));
        else resolve(JSON.parse(out.trim().split('\n').at(-1)!));
      },
    );
  });
}

async function measure(networkId: string, criterionId: string): Promise<Measurement> {
  await selectBackend(values.backend);
  const { criteria, model } = await loadRegistry();
  const criterion = criteria.get(criterionId)!;
  const entry = model(networkId);
  const network = entry.build({ inputShape: networks[networkId], classes: CLASSES });
  const parameters = initializeParameters(network, randomStream(1), entry.initializer);
  const subject: Subject = {
    network,
    parameters,
    masks: {},
    initialParameters: parameters,
    random: randomStream(1, 'scores'),
    batches: (options) => randomBatches(network, options),
  };
  const started = performance.now();
  try {
    await criterion.score(subject, criterion.options.parse({}));
  } catch (error) {
    if (error instanceof PrunebenchError) return { failure: error.message };
    throw error;
  }
  return { seconds: (performance.now() - started) / 1000, megabytes: process.resourceUsage().maxRSS / 1000 };
}

function* randomBatches(
  network: Network,
  { batchSize, count }: { batchSize: number; count?: number },
): Generator<Batch> {
  const total = count === undefined ? EXAMPLES : count * batchSize;
  for (let start = 0; start < total; start += batchSize) {
    const size = Math.min(batchSize, total - start);
    const stream = randomStream(1, `batch/${start}`);
    yield {
      x: new Float32Array(size * sizeOf(network.inputShape)).map(() => stream.normal()),
      y: Int32Array.from({ length: size }, (_, n) => (start + n) % CLASSES),
      size,
    };
  }
}
