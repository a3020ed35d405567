import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, defineBenchmark, type TrialSpec } from '@prunebench/core';
import { loadRecords } from '@prunebench/records';
import { loadPublished, type ReportSource } from '../src/index.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** Two methods and a control at two sparsities; the stored records are of its `cpu` scale, three seeds. */
export const tiny: Benchmark = defineBenchmark({
  id: 'tiny',
  title: 'A tiny table',
  question: 'Do the numbers come out?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  trials: () =>
    [0.9, 0.98].flatMap((sparsity) =>
      (['global', 'uniform', 'random'] as const).map((series) => ({
        dataset: 'mnist',
        network: 'mlp',
        method: series === 'random' ? 'random' : 'magnitude',
        options: { scope: series === 'global' ? 'global' : 'layerwise' },
        sparsity,
        pretrain: { epochs: 2, learningRate: 0.1 },
        retrain: { epochs: 1, learningRate: 0.1 },
        series,
        control: series === 'random',
      })),
    ),
  published: [
    { network: 'mlp', series: 'global', where: { table_id: 'P1', method: 'magnitude' } },
    { network: 'mlp', series: 'dense', where: { table_id: 'P1', method: 'reference' } },
    { network: 'mlp', series: 'uniform', where: { table_id: 'P2', method: 'layer-wise' } },
    { network: 'mlp', series: 'uniform', where: { table_id: 'P2', method: 'doubted' } },
  ],
  comparisons: [['global', 'uniform']],
});

/** The stored records' keys, in readable form, and sensitive to the training budget as real keys are. */
export function keyOf({ method, options, sparsity, pretrain, seed }: TrialSpec): string {
  const series = method === 'random' ? 'random' : options.scope === 'global' ? 'global' : 'uniform';
  return `${series}-${sparsity}-${seed}${pretrain?.epochs === 2 ? '' : '-other-budget'}`;
}

export interface Workplace {
  readonly resultsDir: string;
  readonly readme: string;
  readonly source: ReportSource;
}

/** A fresh copy of the stored records, and a README with an empty place for the table. */
export async function workplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'prunebench-report-'));
  const resultsDir = join(folder, 'results');
  await cp(join(fixtures, 'results'), resultsDir, { recursive: true });
  const readme = join(folder, 'README.md');
  await writeFile(readme, '# Tiny\n\nBefore.\n\n<!-- table:start -->\n<!-- table:end -->\n\nAfter.\n');
  const published = await loadPublished(join(fixtures, 'published.csv'));
  return { resultsDir, readme, source: { benchmark: tiny, published, readme } };
}

export async function storedRecords() {
  return (await loadRecords(join(fixtures, 'results'))).records;
}

/** Replaces the first occurrence of `from` in a file; throws when there is none. */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
  await writeFile(file, text.replace(from, to));
}
