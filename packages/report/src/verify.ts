import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cellName, PrunebenchError, type TrialRecord, type TrialSpec } from '@prunebench/core';
import { readText, readTextIfThere } from '@prunebench/files';
import { type LoadedRecords, lineOf, loadRecords } from '@prunebench/records';
import { type ChangedValue, changedValues } from './changed-values.ts';
import { renderLeaderboard } from './leaderboard.ts';
import { isReportFile } from './published-files.ts';
import { blockIn, replaceBlock, START, selectionsIn } from './readme.ts';
import { type RenderedReport, type ReportSource, renderReport, sectionOf } from './report.ts';

/** One place where what is published is not what the records give. */
export interface Difference {
  readonly file: string;
  /** 1 for the first; null where the whole file is meant. */
  readonly line: number | null;
  readonly expected: string;
  readonly found: string;
  /** The values that differ, where the line is a row of a table; none where it is not. */
  readonly values: readonly ChangedValue[];
}

export interface VerifyOptions {
  readonly resultsDir: string;
  /** A trial's key, recomputed for every record. */
  readonly keyOf: (spec: TrialSpec) => string;
  /** What `loadRecords` found in the results folder, what is no record listed; read from it where it is left out. */
  readonly loaded?: LoadedRecords;
}

/** How many differing lines of one file are listed. */
const LINES_PER_FILE = 5;

/**
 * Recomputes everything that is published (tables, comparisons, plots, README blocks, the leaderboard) from the records
 * and compares it byte for byte; checks every record against the schema, its key against its spec, its place against its
 * benchmark and scale, and that no two claim the same seed of the same cell; and whether published files are in order.
 * Returns the differences; none means verified.
 *
 * @throws PrunebenchError for records of another schema version
 */
export async function verifyResults(sources: readonly ReportSource[], options: VerifyOptions): Promise<Difference[]> {
  const { resultsDir, keyOf } = options;
  const loaded = options.loaded ?? (await loadRecords(resultsDir, { onCorrupt: 'report' }));
  const wrongRecords = checkRecords(loaded, sources, options);
  const published: Difference[] = [];
  for (const source of sources) {
    const records = loaded.records.filter((record) => record.benchmark === source.benchmark.id);
    published.push(...(await verifyBenchmark(source, records, options)));
  }
  const leaderboard = await orDifference(join(resultsDir, 'leaderboard.csv'), async () => {
    if (loaded.records.length === 0) return [];
    const rendered = [...renderLeaderboard(sources, loaded.records, keyOf)];
    return (await Promise.all(rendered.map(([name, text]) => compareFile(join(resultsDir, name), text)))).flat();
  });
  return [...wrongRecords, ...published, ...leaderboard];
}

function checkRecords(
  { places, corrupt, untidy }: LoadedRecords,
  sources: readonly ReportSource[],
  { keyOf }: VerifyOptions,
): Difference[] {
  const differences: Difference[] = corrupt.map(({ file, line, name, reason }) => ({
    file,
    line,
    expected: `a trial record${line !== null && name !== undefined ? ` of ${name}` : ''}`,
    found: `${reason}; run its benchmark again to have it computed again`,
    values: [],
  }));
  for (const { file, line, reason } of untidy)
    differences.push({
      file,
      line,
      expected: 'lines in order, which ./prunebench report restores',
      found: reason,
      values: [],
    });
  const known = new Set(sources.map(({ benchmark }) => benchmark.id));
  const claimed = new Map<string, string>();
  for (const [record, place] of places) {
    const { file, line, name, table } = place;
    const differs = (expected: string, found: string) => differences.push({ file, line, expected, found, values: [] });
    const key = keyOf(record.spec);
    if (key !== record.key) differs(`key ${key}, from its spec`, `key ${record.key}`);
    if (!name.startsWith(record.key)) differs(`a name that begins with ${record.key}`, name);
    if (record.benchmark !== table.benchmark || record.scale !== table.scale)
      differs(`a place among the records of ${record.benchmark}, scale ${record.scale}`, 'another place');
    if (!known.has(record.benchmark)) differs('a benchmark of the suite', record.benchmark);
    const claim = JSON.stringify([
      record.benchmark,
      record.scale,
      cellName({ ...record.spec, series: record.series }),
      record.spec.seed,
      key,
    ]);
    const other = claimed.get(claim);
    if (other !== undefined) differs('one record per trial', `the same trial as ${other}`);
    claimed.set(claim, lineOf(place));
  }
  return differences;
}

async function verifyBenchmark(
  source: ReportSource,
  records: readonly TrialRecord[],
  options: VerifyOptions,
): Promise<Difference[]> {
  const folder = join(options.resultsDir, source.benchmark.id);
  return orDifference(folder, async () => {
    const rendered = await renderReport(source, { ...options, records });
    const { files, readmeBlock } = rendered;
    const differences = await Promise.all([...files].map(([file, text]) => compareFile(file, text)));
    const excerpts = (source.excerpts ?? []).map((file) => verifyExcerpts(file, source, rendered));
    const orphans = (await reportFiles(folder)).filter((file) => !files.has(file));
    return [
      ...differences.flat(),
      ...orphans.map((file) => whole(file, 'no such file: there are no records behind it', 'a file')),
      ...(source.readme === undefined ? [] : await verifyReadme(source.readme, readmeBlock)),
      ...(await Promise.all(excerpts)).flat(),
    ];
  });
}

/** A README must hold the block that the records give; without a complete table it may hold none. */
async function verifyReadme(readme: string, block: string | null): Promise<Difference[]> {
  return orDifference(readme, async () => {
    const text = await readTextIfThere(readme);
    if (text === undefined) return block === null ? [] : [whole(readme, 'a README with the table', 'no such file')];
    if (block === null) return readmeWithoutResults(readme, text);
    return compareText(readme, replaceBlock(text, block, readme), text);
  });
}

function readmeWithoutResults(readme: string, text: string): Difference[] {
  return text.includes(START) ? emptyBlock(readme, blockIn(text, readme)) : [];
}

function emptyBlock(readme: string, inside: string): Difference[] {
  return inside.trim() === ''
    ? []
    : [whole(readme, 'an empty table block: no table of records is complete', 'a table')];
}

/** The places for this benchmark's tables in another file: what the records give, or nothing. */
async function verifyExcerpts(
  file: string,
  { benchmark }: ReportSource,
  rendered: RenderedReport,
): Promise<Difference[]> {
  return orDifference(file, async () => {
    const text = await readText(file);
    return selectionsIn(text)
      .filter((place) => place.benchmark === benchmark.id)
      .flatMap((place) => {
        const section = sectionOf(rendered, place);
        return section === null
          ? emptyBlock(file, blockIn(text, file, place.start))
          : compareText(file, replaceBlock(text, section, file, place.start), text);
      });
  });
}

async function compareFile(file: string, expected: string): Promise<Difference[]> {
  return orDifference(file, async () => {
    const found = await readTextIfThere(file);
    return found === undefined ? [whole(file, 'a file', 'no such file')] : compareText(file, expected, found);
  });
}

function compareText(file: string, expected: string, found: string): Difference[] {
  if (expected === found) return [];
  const [wanted, there] = [expected.split('\n'), found.split('\n')];
  const differences: Difference[] = [];
  for (let line = 0; line < Math.max(wanted.length, there.length) && differences.length < LINES_PER_FILE; line++) {
    if (wanted[line] === there[line]) continue;
    differences.push({
      file,
      line: line + 1,
      expected: wanted[line] ?? '(end of file)',
      found: there[line] ?? '(end of file)',
      // Where a row is missing or too many, the rows below it are compared with others than theirs.
      values: wanted.length === there.length ? changedValues(file, wanted, there, line) : [],
    });
  }
  return differences;
}

/** An error that a user can mend is a difference here, so that one broken benchmark does not hide the others'. */
async function orDifference(file: string, check: (file: string) => Promise<Difference[]>): Promise<Difference[]> {
  try {
    return await check(file);
  } catch (error) {
    if (error instanceof PrunebenchError) return [whole(file, error.remedy ?? 'no error', error.message)];
    throw error;
  }
}

async function reportFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter(isReportFile)
    .sort()
    .map((name) => join(folder, name));
}

function whole(file: string, expected: string, found: string): Difference {
  return { file, line: null, expected, found, values: [] };
}
