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
  type Criterion,
  costOf,
  type Network,
  PrunebenchError,
  randomStream,
  type Subject,
  scored,
  select,
  sizeOf,
  sparsitySteps,
} from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { loadRegistry, WORKER_ENVIRONMENT } from '@prunebench/runner';
import { markdownTable } from 'markdown-table';

const networks: Readonly<Record<string, readonly number[]>> = {
  'lenet-300-100': [784],
  'resnet-20': [32, 32, 3],
  'vgg-16': [32, 32, 3],
};
const CLASSES = 10;
const EXAMPLES = 2000;
/** Criteria whose papers score anew in every round of an exponential schedule, on the way to SPARSITY. */
const rounds: Readonly<Record<string, number>> = { synflow: 100 };
const SPARSITY = 0.99;

/** What one process reports: seconds and its peak memory, or why there is no score. */
type Measurement = { readonly seconds: number; readonly megabytes: number } | { readonly failure: string };

const { values, positionals } = parseArgs({
  options: { backend: { type: 'string', default: 'auto' }, limit: { type: 'string', default: '600' } },
  allowPositionals: true,
});
const backend = await selectBackend(values.backend);
if (positionals.length === 0) await writeTable();
else console.log(JSON.stringify(await measure(positionals[0], positionals[1], Number(positionals[2]))));

async function writeTable(): Promise<void> {
  const { criteria, network: networkCalled } = await loadRegistry();
  const names = Object.keys(networks);
  const rows: string[][] = [];
  for (const id of criteria.keys())
    for (const count of new Set([1, rounds[id] ?? 1])) {
      const row = [count === 1 ? `\`${id}\`` : `\`${id}\`, ${count} rounds`];
      for (const network of names) row.push(cell(await inOwnProcess(network, id, count)));
      rows.push(row);
      console.log(row.join('  '));
    }
  const header = names.map((id) => {
    const { prunable } = costOf(networkCalled(id).build({ inputShape: networks[id], classes: CLASSES }));
    return `${id} (${prunable.total.toLocaleString('en')} weights)`;
  });
  await writeFile(
    fileURLToPath(new URL('../docs/criteria-costs.md', import.meta.url)),
    `${[
      '# What scoring costs',
      'Written by `pnpm exec node scripts/criteria-costs.ts`; do not edit.',
      `Seconds for one call of \`score\` with default options and the process's peak memory, on ${cpus()[0].model.trim()}, backend ${backend.name}, ${backend.threads} of ${cpus().length} threads. Random weights and ${EXAMPLES} random examples to draw on. Iterative schedules call \`score\` once per round; where rounds are named, they are all in, with the selection of each, to ${100 * SPARSITY} % sparsity. Criteria with an option \`memoryLimit\` (2 GiB unless given: \`prunebench list criteria --json\` shows which) refuse before they start what it does not hold; the others take what they need.`,
      markdownTable([['criterion', ...header], ...rows]),
    ].join('\n\n')}\n`,
  );
}

function cell(measurement: Measurement): string {
  if ('failure' in measurement)
    return measurement.failure.replace(/^.* would need ([\d.]+ GiB) .*$/, 'refused: needs $1');
  return `${measurement.seconds.toFixed(2)} s, ${Math.round(measurement.megabytes).toLocaleString('en')} MB`;
}

function inOwnProcess(network: string, criterion: string, count: number): Promise<Measurement> {
  const script = fileURLToPath(import.meta.url);
  const limit = Number(values.limit);
  return new Promise((resolve, reject) => {
    const options = { timeout: 1000 * limit, maxBuffer: 2 ** 24, env: { ...WORKER_ENVIRONMENT, ...process.env } };
    execFile(
      process.execPath,
      [script, `--backend=${values.backend}`, network, criterion, String(count)],
      options,
      (error, out, log) => {
        if (error?.killed) resolve({ failure: `more than ${limit} s` });
        else if (error) reject(new Error(`${criterion} on ${network}: ${log}`));
        else resolve(JSON.parse(out.trim().split('\n').at(-1)!));
      },
    );
  });
}

async function measure(networkId: string, criterionId: string, count: number): Promise<Measurement> {
  const { criteria, network: networkCalled } = await loadRegistry();
  const criterion = criteria.get(criterionId)!;
  const entry = networkCalled(networkId);
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
    if (count === 1) await criterion.score(subject, {});
    else await pruneInRounds(criterion, subject, count);
  } catch (error) {
    if (error instanceof PrunebenchError) return { failure: error.message };
    throw error;
  }
  return { seconds: (performance.now() - started) / 1000, megabytes: process.resourceUsage().maxRSS / 1000 };
}

async function pruneInRounds(criterion: Criterion, subject: Subject, count: number): Promise<void> {
  let { masks } = subject;
  for (const sparsity of sparsitySteps({ kind: 'exponential', rounds: count }, SPARSITY)) {
    const { scores } = await scored(criterion, { ...subject, masks }, {});
    masks = select(subject.network, scores, { masks, sparsity, allowLayerCollapse: true });
  }
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
