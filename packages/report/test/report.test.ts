import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { loadRecords } from '@prunebench/records';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderReport, writeReport } from '../src/index.ts';
import { edit, keyOf, storedRecords, workplace } from './tiny-benchmark.ts';

type Row = Record<string, string>;

async function written() {
  const place = await workplace();
  const { records } = await loadRecords(place.resultsDir);
  const report = await writeReport(place.source, { resultsDir: place.resultsDir, records, keyOf });
  const read = (name: string) => readFile(join(place.resultsDir, 'tiny', name), 'utf8');
  return { ...place, report, read, readmeText: await readFile(place.readme, 'utf8') };
}

test('the table holds every cell with the numbers worked out by hand', async (t) => {
  const { read } = await written();
  const rows: Row[] = parse(await read('table-cpu.csv'), { columns: true });
  t.deepEqual(
    rows.map(({ kind, series, requested_sparsity_percent: at }) => `${kind} ${series} ${at}`),
    [
      'dense dense 0',
      'measured global 90',
      'measured global 98',
      'measured uniform 90',
      'measured uniform 98',
      'measured random 90',
      'measured random 98',
      'published global 90',
      'published dense 0',
      'published uniform 98',
      'published uniform ',
    ],
  );
  const uniform = rows[3]!;
  t.is(uniform.achieved_sparsity_percent, '89.9');
  t.is(uniform.test_error_mean_percent, '2.6167');
  t.is(uniform.test_accuracy_mean_percent, '97.3833');
  t.is(uniform.test_accuracy_before_retraining_mean_percent, '52.0000');
  t.is(uniform.test_accuracy_at_best_validation_mean_percent, '97.4333');
  t.is(uniform.compression_ratio, '6.9536');
  t.is(uniform.theoretical_speedup, '9.901');
  t.is(uniform.rank, '2');
  // Errors 2.5, 2.65, 2.7 have the sample variance 0.0325 / 3; half the interval is t(0.975, 2) sd / sqrt(3).
  const half = (4.302653 * Math.sqrt(0.0325 / 3)) / Math.sqrt(3);
  t.is(uniform.test_error_high_percent, (7.85 / 3 + half).toFixed(4));
});

test('the comparisons name what they were corrected over: every pair of series of the network at the sparsity', async (t) => {
  const { read } = await written();
  const rows: Row[] = parse(await read('comparisons-cpu.csv'), { columns: true });
  const families = Map.groupBy(rows, ({ holm_family: family }) => family!);
  t.deepEqual(
    [...families].map(([family, pairs]) => [family, pairs.length]),
    [90, 98].map((at) => [`every pair of series of mlp on mnist at ${at} %`, 3]),
  );
  for (const pairs of families.values()) {
    const tested = pairs.filter(({ paired_t_p: p }) => p !== '');
    t.true(pairs.every(({ tests_in_family: count }) => Number(count) === tested.length));
    // Holm: the least p of a family counts as often as it has tests.
    const least = Math.min(...tested.map(({ paired_t_p: p }) => Number(p)));
    const corrected = Math.min(...tested.map(({ paired_t_p_holm: p }) => Number(p)));
    t.true(Math.abs(corrected / (tested.length * least) - 1) < 2e-3);
  }
});

test('the best of a column is bold, alone; what is level with it is marked, and the caption says what that means', async (t) => {
  const { report } = await written();
  const { markdown } = report.tables[0]!;
  const cells = (start: string) =>
    markdown
      .split('\n')
      .find((line) => line.startsWith(`| ${start}`))!
      .split('|')
      .slice(2, -1)
      .map((cell) => cell.trim());
  const columns = [cells('global'), cells('uniform'), cells('control: random')];
  t.deepEqual(
    columns.map((row) => row.map((cell) => (cell.includes('**') ? 'best' : cell.includes('≈') ? 'level' : ''))),
    [
      ['', 'best', 'best'],
      // At 90 % separated; at 98 % not, and within the interval of the best.
      ['', '', 'level'],
      ['', '', ''],
    ],
  );
  t.regex(markdown, /Bold: the best\. ≈ not separated from the best by the paired t-test/);
});

test('a failed trial is shown in the CSV and in the table', async (t) => {
  const { read, report } = await written();
  const rows: Row[] = parse(await read('table-cpu.csv'), { columns: true });
  t.is(rows[5]!.failed_seeds, '1');
  t.is(rows[5]!.failures, 'seed 1: The loss became NaN at step 7.');
  const { markdown } = report.tables[0]!;
  t.regex(markdown, /control: random.*failed 1\/3/);
  t.regex(markdown, /random, 90 %, seed 1: The loss became NaN/);
});

test('a collapsed layer is marked in the table', async (t) => {
  const { report } = await written();
  t.regex(report.tables[0]!.markdown, /control: random .*‡3\/3/);
});

test('published values stand beside ours: at their own sparsity, recalled ones with a dagger, doubtful ones not at all', async (t) => {
  const { readmeText } = await written();
  const line = (start: string) => readmeText.split('\n').find((each) => each.startsWith(start))!;
  t.deepEqual(
    line('| *Ada et al. 2015, Table 1 (magnitude)*')
      .split('|')
      .map((cell) => cell.trim())
      .slice(2, 5),
    ['', '*2.05*', ''],
  );
  t.regex(line('| *Ada et al. 2015, Table 1 (reference)*'), /\*1\.55\*/);
  t.regex(line('| *Dirac & Euler 2016, Table 2 (layer-wise)*'), /\*3\.1†\*/);
  t.regex(readmeText, /number of weights kept: 123/);
  t.notRegex(readmeText, /7\.77/);
});

test('the README keeps what is outside its markers and links the pictures', async (t) => {
  const { readmeText } = await written();
  t.true(readmeText.startsWith('# Tiny\n\nBefore.\n\n<!-- table:start -->\n'));
  t.true(readmeText.endsWith('<!-- table:end -->\n\nAfter.\n'));
  t.regex(readmeText, /\]\(results\/tiny\/accuracy-cpu\.svg\)/);
  t.regex(readmeText, /global beats uniform on 1 of 2 sparsities/);
});

test('the same records give the same bytes, in any order and however often', async (t) => {
  const { source } = await workplace();
  const records = await storedRecords();
  const render = (of: typeof records) => renderReport(source, { resultsDir: 'results', records: of, keyOf });
  const one = await render(records);
  const other = await render(records.toReversed());
  t.deepEqual(
    [...one.files.keys()],
    [
      'results/tiny/table-cpu.csv',
      'results/tiny/comparisons-cpu.csv',
      'results/tiny/accuracy-cpu.svg',
      'results/tiny/density-cpu.svg',
    ],
  );
  // A drawing is what `draw` returns, not the function.
  const drawn = ({ tables, ...rest }: typeof one) => ({
    ...rest,
    tables: tables.map(({ draw, ...table }) => ({ ...table, drawn: draw({ width: 80, colour: false }) })),
  });
  t.deepEqual(drawn(other), drawn(one));
});

test('a table with a seed missing is written but not published in the README', async (t) => {
  const { source, resultsDir, readme } = await workplace();
  const records = (await storedRecords()).slice(1);
  const before = await readFile(readme, 'utf8');
  const report = await writeReport(source, { resultsDir, records, keyOf });
  t.false(report.tables[0]!.complete);
  t.is(await readFile(readme, 'utf8'), before);
});

test('records of an earlier declaration are left out and named', async (t) => {
  const { source, resultsDir } = await workplace();
  const records = (await storedRecords()).map((record) =>
    record.key === 'global-0.9-0' ? { ...record, key: 'global-0.9-0-other-budget' } : record,
  );
  const { notes, tables } = await renderReport(source, { resultsDir, records, keyOf });
  t.regex(notes.join(), /1 records of tiny \(cpu\).*global-0\.9-0-other-budget/);
  t.false(tables[0]!.complete);
});

test('a README without markers is an error that says which lines to add', async (t) => {
  const { source, resultsDir, readme } = await workplace();
  await edit(readme, '<!-- table:end -->', '');
  const error = await t.throwsAsync(writeReport(source, { resultsDir, records: await storedRecords(), keyOf }), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.remedy!, /table:end/);
});

test('a table that trains nothing shows densities and the first empty layer, and no plot of accuracy', async (t) => {
  const { source, resultsDir } = await workplace();
  const untrained = (await storedRecords())
    .filter(({ measured }) => measured !== null)
    .map((record) => ({
      ...record,
      measured: { ...record.measured!, dense: null, pruned: null, final: null, bestValidation: null },
    }));
  const { files, tables } = await renderReport(source, { resultsDir, records: untrained });
  t.false([...files.keys()].some((file) => file.includes('accuracy')));
  const { markdown } = tables[0]!;
  t.regex(markdown, /\| control: random .*0 ‡3\/3 \| +98 % \(50×\) \|/);
  t.regex(markdown, /\| global .*\| +none \|/);
  t.regex(markdown, /\| uniform +\| +10 \| +2 \|/);
});

test('the plots name their title, networks and series, and mark the collapsed layer', async (t) => {
  const { read } = await written();
  const accuracy = await read('accuracy-cpu.svg');
  for (const text of [
    'A tiny table',
    'MLP on MNIST',
    'global',
    'uniform',
    'random',
    'dense 1.60 %',
    'Ada et al. 2015, Table 1<',
  ])
    t.true(accuracy.includes(text), text);
  const density = await read('density-cpu.svg');
  // All crosses of a map are one path.
  t.is(density.match(/stroke="#d7191c"/g)?.length, 1);
});

test('a network without any error has a plot on a linear axis, every point inside it', async (t) => {
  const { source, resultsDir } = await workplace();
  const perfect = (await storedRecords()).map((record) =>
    record.series === 'global' && record.measured?.final
      ? {
          ...record,
          measured: {
            ...record.measured,
            final: { ...record.measured.final, test: { accuracy: 100, loss: 0 } },
          },
        }
      : record,
  );
  const { files } = await renderReport(source, { resultsDir, records: perfect });
  const svg = files.get(join(resultsDir, 'tiny', 'accuracy-cpu.svg'))!;
  t.true(svg.includes('>test error, %<'));
  t.false(/NaN|Infinity|undefined/.test(svg));
});

const PLACE = '<!-- table:start benchmark=tiny network=mlp scale=cpu -->';

test('a selected table goes to its place in another file, and to no other benchmark or unfinished network', async (t) => {
  const { source, resultsDir, readme } = await workplace();
  const excerpt = join(resultsDir, '..', 'front.md');
  const other = '<!-- table:start benchmark=other network=mlp scale=cpu -->\n<!-- table:end -->';
  const empty = `# Front\n\n${PLACE}\n<!-- table:end -->\n\n${other}\n\nEnd.\n`;
  await writeFile(excerpt, empty);
  const records = await storedRecords();
  const options = { resultsDir, records: records.slice(1), keyOf };
  await writeReport({ ...source, excerpts: [excerpt] }, options);
  t.is(await readFile(excerpt, 'utf8'), empty);
  const { files } = await writeReport({ ...source, excerpts: [excerpt] }, { ...options, records });
  t.true(files.includes(excerpt));
  const text = await readFile(excerpt, 'utf8');
  const [, inside] = text.split(PLACE);
  const table = inside!.split('<!-- table:end -->')[0]!.trim();
  t.true(table.startsWith('**MLP on MNIST: test error'));
  t.true((await readFile(readme, 'utf8')).includes(table));
  t.true(text.endsWith(`${other}\n\nEnd.\n`));
});

test('a marker may choose rows and columns; a name that the table has not is refused with those it has', async (t) => {
  const { source, resultsDir, readme } = await workplace();
  const excerpt = join(resultsDir, '..', 'front.md');
  const options = { resultsDir, records: await storedRecords(), keyOf };
  await writeReport(source, options);
  const lines = (await readFile(readme, 'utf8')).split('\n').filter((line) => line.startsWith('|'));
  const cells = (line: string) => line.split('|').map((each) => each.trim());
  const whole = lines.slice(0, lines.findIndex((line) => line.startsWith('| control') || line === '') + 1).map(cells);
  const [head, , dense, ...others] = whole;
  const last = others.at(-1)!;
  const column = head!.at(-2)!;
  const place = `<!-- table:start benchmark=tiny network=mlp scale=cpu rows="${last[1]};${dense![1]}" columns="${column}" -->`;
  await writeFile(excerpt, `${place}\n<!-- table:end -->\n`);
  await writeReport({ ...source, excerpts: [excerpt] }, options);
  const part = (await readFile(excerpt, 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cells);
  const bare = (row: readonly string[]) => [row[1], row.at(-2)];
  t.deepEqual(
    [part[0], part[2], part[3]].map((row) => row?.slice(1, -1)),
    [head, last, dense].map((row) => bare(row!)),
  );
  await writeFile(excerpt, `${place.replace(column, '12 %')}\n<!-- table:end -->\n`);
  const error = await t.throwsAsync(writeReport({ ...source, excerpts: [excerpt] }, options));
  t.is(error.message, "The table has no column '12 %'.");
});
