import { dirname, join, relative, resolve } from 'node:path';
import {
  type Benchmark,
  messageOf,
  PrunebenchError,
  refuseOddTable,
  type ScaleName,
  scales,
  type TrialRecord,
  type TrialSpec,
} from '@prunebench/core';
import { FileError, makeFolder, readText, writeWhole } from '@prunebench/files';
import { declaredRecords } from './declaration.ts';
import { type PublishedValue, publishedValues } from './published.ts';
import type { PublishedRow } from './published-csv.ts';
import { pictureFile, publishedScales, tableFile } from './published-files.ts';
import { END, replaceBlock, type Selection, START, selectionsIn } from './readme.ts';
import { renderCsv } from './render/csv.ts';
import { escapeMarkdown } from './render/escape.ts';
import { markdownDetails, markdownExcerpt, markdownSection, markdownSummary } from './render/sections.ts';
import { renderSvg } from './render/svg.ts';
import type { Screen } from './render/terminal.ts';
import { drawSections } from './render/terminal-sections.ts';
import { type Summary, summarise } from './summary/summary.ts';
import { comparisonsTable } from './tables/comparisons.ts';
import type { Shown, TableKind } from './tables/kind.ts';
import { allShown, figuresOf } from './tables/kinds.ts';
import { measuredTable } from './tables/measured.ts';
import { sectionOfNetwork, sectionsOf } from './tables/section.ts';

/** A benchmark and what lies beside its declaration. */
export interface ReportSource {
  readonly benchmark: Benchmark;
  /** Rows of its published.csv; see `loadPublished`. */
  readonly published: readonly PublishedRow[];
  /** Where they were read, for messages. */
  readonly publishedFile?: string;
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
  /** Whether plots are drawn, which takes longer than everything else; by default they are. */
  readonly pictures?: boolean;
  /** The kinds of tables that there are; by default the suite's own. */
  readonly kinds?: readonly TableKind[];
}

/** What the table of one network is made of. */
interface Section {
  readonly benchmark: Benchmark;
  readonly published: readonly PublishedValue[];
  /** One, or one for each data set on which the network was run. */
  readonly shown: readonly Shown[];
}

/** One scale of a benchmark, as it is shown. */
export interface ReportTable {
  readonly scale: ScaleName;
  /** Whether every declared trial has a record for at least the declared number of seeds. */
  readonly complete: boolean;
  /** How many trials are declared, a seed counting as one, and how many of them have a record. */
  readonly counts: { readonly declared: number; readonly recorded: number };
  /** Tables and what the tests say, as Markdown. */
  readonly markdown: string;
  /** The same for a terminal. */
  draw(screen: Screen): string;
}

/** Everything a report consists of, before it is written. */
export interface RenderedReport {
  /** Path -> text of every file below the results folder. */
  readonly files: ReadonlyMap<string, string>;
  /** What belongs between the markers of the benchmark's README; null when no table of the `cpu` or `paper` scale is complete. */
  readonly readmeBlock: string | null;
  /** The table of each network whose trials are complete, by scale and network; see `sectionOf`. */
  readonly sections: ReadonlyMap<string, Section>;
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

/** The fullest scale comes first. */
const SCALES = scales.toReversed();

/**
 * Renders tables, comparisons and plots of a benchmark from its records: the same records give the same bytes.
 *
 * @throws PrunebenchError for an id that cannot name a folder, for duplicate records and for published references that match nothing
 */
export async function renderReport(source: ReportSource, options: ReportOptions): Promise<RenderedReport> {
  const { benchmark } = source;
  refuseOddTable(benchmark.id);
  const published = publishedValues(benchmark, source.published, source.publishedFile);
  const folder = join(options.resultsDir, benchmark.id);
  const files = new Map<string, string>();
  const tables: ReportTable[] = [];
  const blocks: string[] = [];
  const sections = new Map<string, Section>();
  const notes: string[] = [];
  for (const scale of SCALES) {
    const { records, stale, complete, counts, pending, completeFor, trials } = declaredRecords(
      benchmark,
      scale,
      options.records,
      options.keyOf,
    );
    notes.push(...noteStale(stale, benchmark, scale));
    if (records.length === 0) continue;
    notes.push(...noteBackends(records, scale));
    const summary = summarise(records, trials, benchmark.measure);
    const shown = allShown(summary, options.kinds);
    const figures =
      options.pictures === false ? [] : await figuresOrNote(summary, shown, { benchmark, published }, notes);
    files.set(join(folder, tableFile('table', scale)), renderCsv(measuredTable(shown, published)));
    files.set(join(folder, tableFile('comparisons', scale)), renderCsv(comparisonsTable(shown)));
    for (const { file, svg } of figures) files.set(join(folder, file), svg);
    const content = sectionsOf(shown, benchmark, published, scale);
    const markdown = markdownSummary(content);
    tables.push({ scale, complete, counts, markdown, draw: (screen) => drawSections(content, screen) });
    for (const each of shown) {
      const { dataset, network } = each.network;
      if (!completeFor(dataset, network)) continue;
      const name = sectionName(scale, network);
      sections.set(name, { benchmark, published, shown: [...(sections.get(name)?.shown ?? []), each] });
    }
    if (complete && publishedScales.includes(scale))
      blocks.push(readmeSection({ summary, shown, markdown, pending, figures, folder, readme: source.readme }));
  }
  return { files, readmeBlock: blocks.length === 0 ? null : blocks.join('\n\n'), sections, tables, notes };
}

/**
 * What belongs in a place for a selected table; null while the network's trials are not complete.
 *
 * @throws PrunebenchError for a row or column that the table has not
 */
export function sectionOf({ sections }: RenderedReport, place: Selection): string | null {
  const section = sections.get(sectionName(place.scale, place.network));
  if (section === undefined) return null;
  const { shown, benchmark, published } = section;
  const render = place.rows === undefined && place.columns === undefined ? markdownSection : markdownExcerpt;
  return shown.map((each) => render(sectionOfNetwork(each, benchmark, published, place.scale, place))).join('\n\n');
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

/** A figure's picture as it was drawn. */
interface Drawn {
  readonly file: string;
  readonly caption: string;
  readonly svg: string;
}

/** The figures; where they cannot be made the tables go without them, and a note says so. */
async function figuresOrNote(
  summary: Summary,
  shown: readonly Shown[],
  context: { readonly benchmark: Benchmark; readonly published: readonly PublishedValue[] },
  notes: string[],
): Promise<readonly Drawn[]> {
  const drawn: Drawn[] = [];
  try {
    for (const { id, caption, draw } of figuresOf(shown.map(({ kind }) => kind))) {
      const networks = shown.filter(({ kind }) => kind.figures.some((figure) => figure.id === id));
      const part = { ...summary, networks: networks.map(({ network }) => network) };
      for (const [page, picture] of draw(part, context.benchmark, context.published).entries())
        drawn.push({
          file: pictureFile(id, summary.scale, page),
          caption: picture.part === undefined ? caption : `${caption}: ${picture.part}`,
          svg: await renderSvg(picture.spec),
        });
    }
    return drawn;
  } catch (error) {
    notes.push(`No plots of scale ${summary.scale}: ${messageOf(error)}`);
    return [];
  }
}

interface ReadmeSection {
  readonly summary: Summary;
  readonly shown: readonly Shown[];
  readonly markdown: string;
  readonly pending: readonly string[];
  readonly figures: readonly Drawn[];
  readonly folder: string;
  readonly readme: string | undefined;
}

function readmeSection({ summary, shown, markdown, pending, figures, folder, readme }: ReadmeSection): string {
  const { scale, commits } = summary;
  const link = (name: string) => relative(dirname(readme ?? folder), join(folder, name)).replaceAll('\\', '/');
  const pictures = figures.map(({ file, caption }) => `![${escapeMarkdown(caption)}, scale ${scale}](${link(file)})`);
  const details = `<details>\n<summary>Every cell in full (scale ${scale})</summary>\n\n${markdownDetails(shown)}\n</details>`;
  const made = `Commits of the records: ${escapeMarkdown(commits.join(', '))}.`;
  return [markdown.trim(), ...pendingNote(pending), ...pictures, details, made].join('\n\n');
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
