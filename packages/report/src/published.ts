import {
  type Benchmark,
  PrunebenchError,
  type PublishedReference,
  paperOf,
  scales,
  shortCitation,
} from '@prunebench/core';
import { type PublishedRow, publishedColumns } from './published-csv.ts';
import type { NetworkSummary } from './summary/summary.ts';

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
  /** The same without the method: "Han et al. 2015, Table 1". */
  readonly source: string;
  readonly measure: Measure;
  /** Test error in percent; null where the number measures something else. */
  readonly error: number | null;
  /** The sparsity it was measured at, in [0, 1); null where the paper's cell is not a sparsity. */
  readonly sparsity: number | null;
  /** Read from memory and not checked again: printed with a dagger. */
  readonly recalled: boolean;
}

/**
 * The published values that a benchmark's references select, in the order of the references; doubtful ones are left out.
 *
 * @param file where the rows were read, for messages
 * @throws PrunebenchError for a reference that names an unknown column, a network or series the benchmark does not have, or no row
 */
export function publishedValues(
  benchmark: Benchmark,
  rows: readonly PublishedRow[],
  file: string = 'published.csv',
): PublishedValue[] {
  return benchmark.published.flatMap((reference) => {
    checkReference(benchmark, reference, file);
    const matching = rowsOf(reference, rows);
    if (matching.length === 0)
      throw new PrunebenchError(
        `Benchmark ${benchmark.id}: no row of ${file} matches ${JSON.stringify(reference.where)}.`,
        {
          remedy: `${nearestRows(reference, rows)}Correct \`where\` in the benchmark's \`published\`, or add the row to the file.`,
        },
      );
    return matching.filter(({ confidence }) => confidence !== 'doubtful').map((row) => publishedValue(reference, row));
  });
}

/** Those that all columns of the reference select. */
function rowsOf({ where }: Pick<PublishedReference, 'where'>, rows: readonly PublishedRow[]): readonly PublishedRow[] {
  return rows.filter((row: Readonly<Record<string, unknown>>) =>
    Object.entries(where).every(([column, value]) => String(row[column]) === value),
  );
}

/** Which column is to blame where it is one alone, with what the rows that match in all others have there. */
function nearestRows({ where }: PublishedReference, rows: readonly PublishedRow[]): string {
  for (const blamed of Object.keys(where)) {
    const others = Object.fromEntries(Object.entries(where).filter(([column]) => column !== blamed));
    const found = rowsOf({ where: others }, rows).map((row: Readonly<Record<string, unknown>>) => `"${row[blamed]}"`);
    if (found.length > 0) return `With another ${blamed} there are rows: ${[...new Set(found)].join(', ')}. `;
  }
  return '';
}

function checkReference(benchmark: Benchmark, { network, series, where }: PublishedReference, file: string): void {
  const unknown = Object.keys(where).find((column) => !publishedColumns.has(column));
  if (unknown !== undefined) {
    throw new PrunebenchError(`Benchmark ${benchmark.id}: ${file} has no column ${unknown}.`, {
      remedy: `The columns are ${[...publishedColumns.keys()].join(', ')}.`,
    });
  }
  const trials = scales.flatMap((scale) => benchmark.trials(scale));
  const declared = trials.some((trial) => trial.network === network && (series === 'dense' || trial.series === series));
  if (!declared) {
    const known = new Set(trials.filter((trial) => trial.network === network).map((trial) => trial.series));
    const choice =
      known.size > 0
        ? `Of ${network} there are the series ${[...known].map((name) => `"${name}"`).join(', ')}`
        : `There are the networks ${[...new Set(trials.map((trial) => trial.network))].join(', ')}`;
    throw new PrunebenchError(
      `Benchmark ${benchmark.id}: a published value stands beside series "${series}" of network ${network}, which no trial declares.`,
      {
        remedy: `Correct the reference in the benchmark's \`published\`. ${choice}; "dense" is the network before pruning.`,
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
  const source = `${shortPaper(row)}${where}${elsewhere}`;
  return {
    network,
    dataset: dataset ?? row.dataset,
    series,
    row,
    label: `${source} (${row.method})`,
    source,
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
