/**
 * Every text of a record, a declaration and a published value is somebody's: here each of them attacks whatever it is written to, and
 * all that is written is read by parsers that share no code with the suite.
 */
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { marked, type Token, type Tokens } from 'marked';
import sax from 'sax';
import { type ReportSource, renderLeaderboard, renderReport, renderSvg, trialPlot } from '../src/index.ts';
import { escapeMarkdown } from '../src/render/escape.ts';
import { keyOf, storedRecords, tiny, workplace } from './tiny-benchmark.ts';

const ATTACK = [
  '<img src=x onerror=alert(1)> </text><script>alert(1)</script> &lt; &#60; ]]> <!-- table:end --> "k" \'l\'',
  '| a | **b** [l](http://x.example) ![i](x) `c` ~~d~~ $e$ http://x.example www.x.example me@x.example </details>',
  '\u001b[31m\u001b]0;title\u0007\u009b2J\u202e\u0000\ud800\r\n\n# heading\n- item\n=1+1',
].join(' ');
const hostile = (text: string) => `=HYPERLINK("http://x.example","${text}") ${ATTACK}`;

/** Texts that stand for something else than themselves. */
const MEANT = ['key', 'finishedAt', 'measuredAt', 'kind', 'method', 'scope', 'of', 'granularity'];

function attacking(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return MEANT.includes(name) ? value : hostile(value);
  if (Array.isArray(value)) return value.map((each) => attacking(each, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, attacking(each, key)]));
}

async function attacked(measure: 'accuracy' | 'size' | 'speed') {
  const { source } = await workplace();
  const records = (await storedRecords()).map(
    (record): TrialRecord => ({
      ...record,
      series: hostile(record.series),
      failure: record.failure && hostile(record.failure),
      spec: { ...record.spec, network: hostile(record.spec.network), dataset: hostile(record.spec.dataset) },
      measured: attacking(record.measured) as TrialRecord['measured'],
      run: attacking(record.run) as TrialRecord['run'],
      ...(record.speed && { speed: attacking(record.speed) as TrialRecord['speed'] }),
    }),
  );
  const trials = tiny.trials('cpu').map((trial) => ({
    ...trial,
    series: hostile(trial.series),
    network: hostile(trial.network),
    dataset: hostile(trial.dataset),
  }));
  const odd: ReportSource = {
    benchmark: {
      ...tiny,
      measure,
      title: hostile(tiny.title),
      question: hostile(tiny.question),
      validationName: hostile('split'),
      trials: () => trials,
      comparisons: [[hostile('global'), hostile('uniform')]],
      published: tiny.published.map(({ where, ...reference }) => ({
        ...reference,
        network: hostile(reference.network),
        series: reference.series === 'dense' ? 'dense' : hostile(reference.series),
        dataset: hostile('mnist'),
        where: { ...where, method: hostile(where.method!) },
      })),
    },
    published: source.published.map((row) => ({
      ...row,
      paper: hostile(row.paper),
      where_in_paper: hostile(row.where_in_paper),
      dataset: hostile(row.dataset),
      network: hostile(row.network),
      method: hostile(row.method),
      notes: hostile(row.notes),
      source: hostile(row.source),
    })),
  };
  const report = await renderReport(odd, { resultsDir: 'results', records, keyOf });
  return { report, leaderboard: renderLeaderboard([odd], records, keyOf), records };
}

const measures = ['accuracy', 'size', 'speed'] as const;
const reports = new Map(measures.map((measure) => [measure, attacked(measure)]));

// biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const FORMULA = /^\s*[=+\-@\t\r]/;

for (const measure of measures)
  test(`CSV: no cell of a table of ${measure} is a formula, and every row has all columns`, async (t) => {
    const { report, leaderboard } = await reports.get(measure)!;
    const files = [...report.files, ...leaderboard].filter(([file]) => file.endsWith('.csv'));
    t.is(files.length, 4);
    for (const [file, text] of files) {
      // The parser refuses a row with more or fewer fields than the first.
      const rows: string[][] = parse(text);
      t.true(rows.length > 1, file);
      t.true(
        rows.flat().some((field) => field.startsWith("'=HYPERLINK")),
        file,
      );
      for (const field of rows.flat()) t.true(!FORMULA.test(field) || Number.isFinite(Number(field)), field);
      t.notRegex(text, CONTROLS);
      t.true(text.isWellFormed());
    }
  });

/** Names of elements and attributes; throws where it is no well-formed XML. */
function namesIn(svg: string): { readonly elements: Set<string>; readonly attributes: Set<string> } {
  const parser = sax.parser(true);
  const [elements, attributes] = [new Set<string>(), new Set<string>()];
  parser.onerror = (error) => {
    throw error;
  };
  parser.onopentag = ({ name, attributes: found }) => {
    elements.add(name);
    for (const attribute of Object.keys(found)) attributes.add(attribute);
  };
  parser.write(svg).close();
  return { elements, attributes };
}

test('SVG: every picture is well-formed and has no element but those of a drawing', async (t) => {
  const pictures: string[] = [];
  for (const measure of measures) {
    const { report, records } = await reports.get(measure)!;
    t.deepEqual(
      report.notes.filter((note) => note.includes('No plots')),
      [],
    );
    pictures.push(...[...report.files].filter(([file]) => file.endsWith('.svg')).map(([, svg]) => svg));
    const [finished] = records.filter(({ measured }) => measured);
    pictures.push(await renderSvg(trialPlot(finished!, null)!));
  }
  t.true(pictures.length > 5);
  const drawing = [
    'svg',
    'g',
    'path',
    'text',
    'tspan',
    'defs',
    'clipPath',
    'rect',
    'linearGradient',
    'stop',
    'style',
    'use',
  ];
  for (const svg of pictures) {
    const { elements, attributes } = namesIn(svg);
    t.deepEqual(
      [...elements].filter((name) => !drawing.includes(name)),
      [],
    );
    t.deepEqual(
      [...attributes].filter((name) => /^on|href$/i.test(name)),
      [],
    );
    t.notRegex(svg, CONTROLS);
    t.true(svg.includes('HYPERLINK'));
  }
});

function tokensIn(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token): readonly Token[] => [
    token,
    ...('tokens' in token && token.tokens ? tokensIn(token.tokens) : []),
    ...(token.type === 'list' ? tokensIn((token as Tokens.List).items) : []),
    ...(token.type === 'table'
      ? [...(token as Tokens.Table).header, ...(token as Tokens.Table).rows.flat()].flatMap((cell) =>
          tokensIn(cell.tokens),
        )
      : []),
  ]);
}

/** Bars that end a cell. */
const bars = (line: string) => line.replaceAll('\\\\', '').replaceAll('\\|', '').split('|').length;

for (const measure of measures)
  test(`Markdown: the names of a table of ${measure} are text`, async (t) => {
    const { report } = await reports.get(measure)!;
    for (const text of [report.tables[0]!.markdown, report.readmeBlock!]) {
      t.notRegex(text, CONTROLS);
      const tokens = tokensIn(marked.lexer(text));
      // What the report itself writes.
      const html = tokens.filter(({ type }) => type === 'html').map(({ raw }) => raw.trim());
      t.deepEqual(
        html.filter((raw) => !/^(<details>\n<summary>[\w ()]+<\/summary>|<\/details>)$/.test(raw)),
        [],
      );
      t.deepEqual(
        tokens
          .filter(({ type }) => ['link', 'code', 'codespan', 'del', 'heading', 'hr', 'blockquote'].includes(type))
          .map(({ raw }) => raw)
          .filter((raw) => !/^`cpu`$/.test(raw)),
        [],
      );
      for (const image of tokens.filter(({ type }) => type === 'image'))
        t.regex((image as Tokens.Image).href, /^[\w./-]+\.svg$/);
      const tables = text.split('\n\n').filter((block) => block.startsWith('|'));
      t.is(tokens.filter(({ type }) => type === 'table').length, tables.length);
      for (const table of tables) t.is(new Set(table.split('\n').map(bars)).size, 1, table);
      t.false(text.includes('<!-- table:end'));
    }
  });

for (const colour of [true, false])
  test(`terminal: nothing but what the report sets reaches it, ${colour ? 'with' : 'without'} colours`, async (t) => {
    for (const measure of measures) {
      const { report } = await reports.get(measure)!;
      const drawn = report.tables[0]!.draw({ width: 80, colour });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: bold and dim, and their ends
      t.notRegex(drawn.replace(colour ? /\u001b\[(1|2|22)m/g : /(?!)/g, ''), CONTROLS);
      t.true(drawn.includes('HYPERLINK'));
    }
  });

test('Markdown makes no link of an address, and shows it as it is', async (t) => {
  for (const text of [
    'http://x.example',
    'see www.x.example.',
    'me@x.example',
    'ftp://x.example/y',
    'mailto:me@x.example',
  ]) {
    const escaped = escapeMarkdown(text);
    t.false(
      tokensIn(marked.lexer(escaped)).some(({ type }) => type === 'link'),
      escaped,
    );
    const shown = (await marked.parse(escaped))
      .replace(/<[^>]*>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
      .replaceAll('&amp;', '&');
    t.is(shown.trim(), text);
  }
});
