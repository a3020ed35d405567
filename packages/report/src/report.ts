import { dirname, join, relative, resolve } from 'node:path';
import {
  type Benchmark,
  PrunebenchError,
  refuseOddId,
  type ScaleName,
  type TrialRecord,
  type TrialSpec,
} from '@prunebench/core';
import { FileError, makeFolder, readText, writeWhole } from '@prunebench/files';
import { comparisonsCsv, tableCsv } from './csv.ts';
import { declaredRecords } from './declaration.ts';
import { quantityOf } from './display.ts';
import { escapeMarkdown } from './escape.ts';
import { markdownDetails, markdownSummary, networkSection } from './markdown.ts';
import { accuracyPlot } from './plots/accuracy.ts';
import { densityPlot } from './plots/density.ts';
import { sizePlot } from './plots/size.ts';
import { speedPlot } from './plots/speed.ts';
import { type PublishedRow, type PublishedValue, publishedValues } from './published.ts';
import { END, replaceBlock, type Selection, START, selectionsIn } from './readme.ts';
import { type Summary, summarise } from './summary.ts';

/** A benchmark and what lies beside its declaration. */
export interface ReportSource {
  readonly benchmark: Benchmark;
  /** Rows of its published.csv; see `loadPublished`. */
  readonly published: readonly PublishedRow[];
  /** Its README.md, to be kept in step with the results. Leave out for results that are not the repository's own. */
  readonly readme?: string;
  /** Other Markdown files that may hold tables of single networks, between markers that name benchmark, network and scale. */
  readonly excerpts?: readonly string[];
}

export interface ReportOptions {
  readonly resultsDir: string;
  /** All records of the benchmark, of whatever scale; tables are made for each scale that occurs. */
  readonly records: readonly TrialRecord[];
  /**
   * A trial's key. When given, records of an earlier declaration (other epochs, other options) are left out of the tables
   * and named in `notes`.
   */
  readonly keyOf?: (spec: TrialSpec) => string;
}

/** One scale of a benchmark, as it is shown. */
export interface ReportTable {
  readonly scale: ScaleName;
  /** Whether every declared trial has a record for at least the declared number of seeds. */
  readonly complete: boolean;
  /** For a terminal: tables and what the tests say. */
  readonly markdown: string;
}

/** Everything a report consists of, before it is written. */
export interface RenderedReport {
  /** Path -> text of every file below the results folder. */
  readonly files: ReadonlyMap<string, string>;
  /** What belongs between the markers of the benchmark's README; null when no table of the `cpu` or `paper` scale is complete. */
  readonly readmeBlock: string | null;
  /** The table of each network whose trials are complete, by scale and network; see `sectionOf`. */
  readonly sections: ReadonlyMap<string, string>;
  readonly tables: readonly ReportTable[];
  /** What the reader of the tables should know: stale records left out, backends mixed. */
  readonly notes: readonly string[];
}

/** What `writeReport` did. */
export interface WrittenReport {
  readonly files: readonly string[];
  readonly tables: readonly ReportTable[];
  readonly notes: readonly string[];
}

const CAPTIONS: Readonly<Record<string, string>> = {
  accuracy: 'Accuracy against compression with 95 % bands',
  density: 'Density of every layer at each sparsity',
  size: 'Parameters that each series leaves, seed by seed',
  speed: 'Measured against theoretical speed-up, and accuracy against measured speed-up',
};

const SCALES: readonly ScaleName[] = ['paper', 'cpu', 'smoke'];

/**
 * Renders tables, comparisons and plots of a benchmark from its records: the same records give the same bytes.
 * Throws PrunebenchError for an id that cannot name a folder, for duplicate records and for published references that match nothing.
 */
export async function renderReport(source: ReportSource, options: ReportOptions): Promise<RenderedReport> {
  const { benchmark } = source;
  refuseOddId('benchmark', benchmark.id);
  const published = publishedValues(benchmark, source.published);
  const folder = join(options.resultsDir, benchmark.id);
  const files = new Map<string, string>();
  const tables: ReportTable[] = [];
  const blocks: string[] = [];
  const sections = new Map<string, string>();
  const notes: string[] = [];
  for (const scale of SCALES) {
    const { records, stale, complete, pending, completeFor, trials } = declaredRecords(
      benchmark,
      scale,
      options.records,
      options.keyOf,
    );
    notes.push(...noteStale(stale, benchmark, scale));
    if (records.length === 0) continue;
    notes.push(...noteBackends(records, scale));
    const summary = summarise(records, trials, benchmark.measure);
    const plots = await plotsOrNote(summary, benchmark, published, notes);
    files.set(join(folder, `table-${scale}.csv`), tableCsv(summary, published));
    files.set(join(folder, `comparisons-${scale}.csv`), comparisonsCsv(summary));
    for (const [name, svg] of plots) files.set(join(folder, name), svg);
    const markdown = markdownSummary(summary, benchmark, published);
    tables.push({ scale, complete, markdown });
    for (const network of summary.networks)
      if (completeFor(network.dataset, network.network)) {
        const section = networkSection(network, benchmark, published, scale);
        const name = sectionName(scale, network.network);
        sections.set(name, [...(sections.has(name) ? [sections.get(name)!] : []), section].join('\n\n'));
      }
    if (complete && scale !== 'smoke')
      blocks.push(readmeSection(summary, markdown, pendingNote(pending), [...plots.keys()], folder, source.readme));
  }
  return { files, readmeBlock: blocks.length === 0 ? null : blocks.join('\n\n'), sections, tables, notes };
}

/** What belongs in a place for a selected table; null while the network's trials are not complete. */
export function sectionOf({ sections }: RenderedReport, { scale, network }: Selection): string | null {
  return sections.get(sectionName(scale, network)) ?? null;
}

function sectionName(scale: ScaleName, network: string): string {
  return `${scale} ${network}`;
}

/** Renders a benchmark's report and writes it: files below `<results>/<benchmark>/`, and the block in its README. */
export async function writeReport(source: ReportSource, options: ReportOptions): Promise<WrittenReport> {
  const rendered = await renderReport(source, options);
  const { files, readmeBlock, tables, notes } = rendered;
  await makeFolder(resolve(options.resultsDir, source.benchmark.id));
  for (const [file, text] of files) await writeWhole(file, text);
  const written = [...files.keys()];
  if (source.readme !== undefined && readmeBlock !== null) {
    const text = await readText(source.readme).catch((error) => {
      if (!(error instanceof FileError) || error.code !== 'ENOENT') throw error;
      throw new PrunebenchError(`${source.readme} cannot be read: there is no such file.`, {
        remedy: `Write it; its table goes between the lines ${START} and ${END}.`,
        cause: error,
      });
    });
    await writeWhole(source.readme, replaceBlock(text, readmeBlock, source.readme));
    written.push(source.readme);
  }
  for (const file of source.excerpts ?? []) if (await writeExcerpts(file, source, rendered)) written.push(file);
  return { files: written, tables, notes };
}

/** Fills the places for this benchmark's tables in a file; whether there were any. */
async function writeExcerpts(file: string, { benchmark }: ReportSource, rendered: RenderedReport): Promise<boolean> {
  const text = await readText(file);
  const places = selectionsIn(text).filter((place) => place.benchmark === benchmark.id);
  const filled = places.reduce((all, place) => {
    const section = sectionOf(rendered, place);
    return section === null ? all : replaceBlock(all, section, file, place.start);
  }, text);
  if (filled !== text) await writeWhole(file, filled);
  return filled !== text;
}

/** The plots; where they cannot be made the tables go without them, and a note says so. */
async function plotsOrNote(
  summary: Summary,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  notes: string[],
): Promise<Map<string, string>> {
  try {
    return await renderPlots(summary, benchmark, published);
  } catch (error) {
    notes.push(`No plots of scale ${summary.scale}: ${(error as Error).message}`);
    return new Map();
  }
}

async function renderPlots(
  summary: Summary,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
): Promise<Map<string, string>> {
  const measured = summary.networks.some(({ cells }) => cells.some(({ trials }) => trials.length > 0));
  if (summary.measure === 'size')
    return new Map(measured ? [[`size-${summary.scale}.svg`, await sizePlot(summary, benchmark, published)]] : []);
  if (summary.measure === 'speed') {
    const timed = summary.networks.some(({ cells }) => cells.some(({ speedups }) => speedups.length > 0));
    return new Map(timed ? [[`speed-${summary.scale}.svg`, await speedPlot(summary, benchmark.title)]] : []);
  }
  const trained = summary.networks.filter((network) => quantityOf(network) !== 'density');
  const plots = new Map<string, string>();
  if (trained.length > 0 && measured) {
    plots.set(
      `accuracy-${summary.scale}.svg`,
      await accuracyPlot({ ...summary, networks: trained }, benchmark.title, published),
    );
  }
  if (measured) plots.set(`density-${summary.scale}.svg`, await densityPlot(summary, benchmark.title));
  return plots;
}

function readmeSection(
  summary: Summary,
  markdown: string,
  notes: readonly string[],
  plots: readonly string[],
  folder: string,
  readme: string | undefined,
): string {
  const link = (name: string) => relative(dirname(readme ?? folder), join(folder, name)).replaceAll('\\', '/');
  const pictures = plots.map((name) => `![${CAPTIONS[name.split('-')[0]!]}, scale ${summary.scale}](${link(name)})`);
  const details = `<details>\n<summary>Every cell in full (scale ${summary.scale})</summary>\n\n${markdownDetails(summary)}\n</details>`;
  const made = `Commits of the records: ${escapeMarkdown(summary.commits.join(', '))}.`;
  return [markdown.trim(), ...notes, ...pictures, details, made].join('\n\n');
}

function pendingNote(pending: readonly string[]): readonly string[] {
  if (pending.length === 0) return [];
  return [`Declared, and not computed yet or not with all seeds: ${escapeMarkdown(pending.join('; '))}.`];
}

function noteStale(stale: readonly TrialRecord[], { id }: Benchmark, scale: ScaleName): string[] {
  if (stale.length === 0) return [];
  const keys = stale.map(({ key }) => key).sort();
  const shown = keys.slice(0, 3).join(', ') + (keys.length > 3 ? ', ...' : '');
  return [`${keys.length} records of ${id} (${scale}) are not of its present declaration and were left out: ${shown}`];
}

function noteBackends(records: readonly TrialRecord[], scale: ScaleName): string[] {
  const backends = [...new Set(records.map(({ run }) => run.backend))].sort();
  return backends.length === 1 ? [] : [`Records of scale ${scale} come from several backends: ${backends.join(', ')}.`];
}
