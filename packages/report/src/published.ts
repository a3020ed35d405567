import {
  type Benchmark,
  messageOf,
  PrunebenchError,
  type PublishedReference,
  paperOf,
  scales,
  shortCitation,
} from '@prunebench/core';
import { readText } from '@prunebench/files';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { NetworkSummary } from './summary/summary.ts';

const numeric = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
const NUMBER_ALONE = 'expected a number alone; whatever else the paper prints belongs into notes';

const columns = {
  table_id: z.string().min(1),
  /** The bibliography's key; or whatever stands for a paper that is not in it ("Evci et al."). */
  paper: z.string().min(1),
  year: z.coerce.number().int(),
  where_in_paper: z.string(),
  dataset: z.string(),
  network: z.string(),
  method: z.string(),
  sparsity_percent_or_compression: z.string(),
  metric: z.string().min(1),
  value: z.string().refine(numeric, NUMBER_ALONE),
  plus_minus: z.string().refine((text) => text === '' || numeric(text), NUMBER_ALONE),
  notes: z.string(),
  /** verified: read in the source; recalled: printed with a dagger; doubtful: never printed. */
  confidence: z.enum(['verified', 'recalled', 'doubtful']),
  source: z.string(),
};
const publishedRow = z.strictObject(columns);

/** One published number, as published.csv holds it. */
export type PublishedRow = z.output<typeof publishedRow>;

/** What a published number measures, in terms of ours. */
export type Measure = 'final' | 'best-epoch' | 'before-retraining' | 'other';

/** A published number that belongs beside one of our series. */
export interface PublishedValue {
  readonly network: string;
  /** The data set of ours beside which it stands. */
  readonly dataset: string;
  readonly series: string;
  readonly row: PublishedRow;
  /** "Han et al. 2015, Table 1 (magnitude + retrain)" */
  readonly label: string;
  readonly measure: Measure;
  /** Test error in percent; null where the number measures something else. */
  readonly error: number | null;
  /** The sparsity it was measured at, in [0, 1); null where the paper's cell is not a sparsity. */
  readonly sparsity: number | null;
  /** Read from memory and not checked again: printed with a dagger. */
  readonly recalled: boolean;
}

/**
 * Reads a published.csv.
 *
 * @throws PrunebenchError naming the file, line and column that is wrong
 */
export async function loadPublished(file: string): Promise<PublishedRow[]> {
  const text = await readText(file).catch((error: Error) => {
    throw new PrunebenchError(`${file} cannot be read: ${error.message}`, {
      remedy: `A benchmark with published values needs a published.csv with the columns ${Object.keys(columns).join(', ')}.`,
      cause: error,
    });
  });
  let rows: unknown[];
  try {
    rows = parse(text, { columns: true, skip_empty_lines: true, bom: true });
  } catch (error) {
    throw new PrunebenchError(`${file}: ${messageOf(error)}`, {
      remedy: 'Quote every field that contains a comma.',
    });
  }
  return rows.map((row, index) => {
    const parsed = publishedRow.safeParse(row);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new PrunebenchError(
      `${file}, row ${index + 2}, column ${issue.path.join('.') || '(header)'}: ${issue.message}`,
      {
        remedy: `The columns are ${Object.keys(columns).join(', ')}.`,
      },
    );
  });
}

/**
 * The published values that a benchmark's references select, in the order of the references; doubtful ones are left out.
 *
 * @throws PrunebenchError for a reference that names an unknown column, a network or series the benchmark does not have, or no row
 */
export function publishedValues(benchmark: Benchmark, rows: readonly PublishedRow[]): PublishedValue[] {
  return benchmark.published.flatMap((reference) => {
    checkReference(benchmark, reference);
    const matching = rows.filter((row: Readonly<Record<string, unknown>>) =>
      Object.entries(reference.where).every(([column, value]) => String(row[column]) === value),
    );
    if (matching.length === 0) {
      throw new PrunebenchError(
        `Benchmark ${benchmark.id}: no row of published.csv matches ${JSON.stringify(reference.where)}.`,
        { remedy: `Correct the reference in benchmarks/${benchmark.id}/benchmark.ts or add the row to published.csv.` },
      );
    }
    return matching.filter(({ confidence }) => confidence !== 'doubtful').map((row) => publishedValue(reference, row));
  });
}

function checkReference(benchmark: Benchmark, { network, series, where }: PublishedReference): void {
  const unknown = Object.keys(where).find((column) => !(column in columns));
  if (unknown !== undefined) {
    throw new PrunebenchError(`Benchmark ${benchmark.id}: published.csv has no column ${unknown}.`, {
      remedy: `The columns are ${Object.keys(columns).join(', ')}.`,
    });
  }
  const trials = scales.flatMap((scale) => benchmark.trials(scale));
  const declared = trials.some((trial) => trial.network === network && (series === 'dense' || trial.series === series));
  if (!declared) {
    throw new PrunebenchError(
      `Benchmark ${benchmark.id}: a published value stands beside series "${series}" of network ${network}, which no trial declares.`,
      {
        remedy: `Correct the reference in benchmarks/${benchmark.id}/benchmark.ts; "dense" is the network before pruning.`,
      },
    );
  }
}

function publishedValue({ network, dataset, series }: PublishedReference, row: PublishedRow): PublishedValue {
  const measure = measureOf(row.metric);
  const value = Number(row.value);
  const isAccuracy = row.metric.includes('accuracy');
  const error = measure === 'other' || !Number.isFinite(value) ? null : isAccuracy ? 100 - value : value;
  const where = row.where_in_paper === '' ? '' : `, ${row.where_in_paper}`;
  const elsewhere = dataset === undefined || plainName(dataset) === plainName(row.dataset) ? '' : ` on ${row.dataset}`;
  return {
    network,
    dataset: dataset ?? row.dataset,
    series,
    row,
    label: `${shortPaper(row)}${where}${elsewhere} (${row.method})`,
    measure,
    error,
    sparsity: parseSparsity(row.sparsity_percent_or_compression),
    recalled: row.confidence === 'recalled',
  };
}

function measureOf(metric: string): Measure {
  if (metric.startsWith('best-epoch test accuracy %')) return 'best-epoch';
  if (/^test error % (after pruning, )?before retraining/.test(metric)) return 'before-retraining';
  if (/^test (error|accuracy) %( after( retraining)?)?$/.test(metric)) return 'final';
  return 'other';
}

/** "Han et al. 2015": a paper of the bibliography by its fields, one with a text of its own by that. */
export function shortPaper({ paper, year }: Pick<PublishedRow, 'paper' | 'year'>): string {
  const known = paperOf(paper);
  return known ? shortCitation(known) : `${paper} ${year}`;
}

/** Sparsity in [0, 1) from the forms the papers use: "95", "12x", "10^2 = 100x", "Pm=21% left"; otherwise null. */
export function parseSparsity(text: string): number | null {
  const [, left] = /^(?:Pm=)?(\d+(?:\.\d+)?)% left$/.exec(text) ?? [];
  if (left !== undefined) return checked(1 - Number(left) / 100);
  const [, power] = /^10\^(\d+(?:\.\d+)?)(?: = [\d.]+x)?$/.exec(text) ?? [];
  if (power !== undefined) return checked(1 - 10 ** -Number(power));
  const [, ratio] = /^(\d+(?:\.\d+)?)x$/.exec(text) ?? [];
  if (ratio !== undefined) return checked(1 - 1 / Number(ratio));
  const [, percent] = /^(\d+(?:\.\d+)?)(?: \(arch [\d-]+\))?$/.exec(text) ?? [];
  return percent === undefined ? null : checked(Number(percent) / 100);
}

function checked(sparsity: number): number | null {
  return sparsity >= 0 && sparsity < 1 ? sparsity : null;
}

/**
 * Whether a published value belongs to a network of ours. Where the reference does not name our data set, the paper's name of
 * it decides (the same network may be trained on several: MONK 1 to 3). Where a network has a table for each granularity, its
 * values stand in that of their series.
 */
export function belongsTo(value: PublishedValue, { dataset, network, split, ...part }: Place): boolean {
  if (value.network !== network || plainName(value.dataset) !== plainName(dataset)) return false;
  if (!split) return true;
  const ours = part.series?.some(({ name }) => name === value.series) ?? false;
  return ours || (value.series === 'dense' && part.granularity === 'weight');
}

type Place = Pick<NetworkSummary, 'dataset' | 'network'> &
  Partial<Pick<NetworkSummary, 'split' | 'granularity' | 'series'>>;

/** "CIFAR-10" and "cifar10", "MONK1" and "monks-1" are the same data set. */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^monks/, 'monk');
}
