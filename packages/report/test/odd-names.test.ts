import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderLeaderboard, renderReport } from '../src/index.ts';
import { escapeMarkdown } from '../src/render/escape.ts';
import { keyOf, storedRecords, tiny, workplace } from './tiny-benchmark.ts';

const ODD = 'a | b\nc <script>alert(1)</script> `d` *e* __f__ [g](h) ~~i~~ $j$ &amp; \\ "k" \'l\' \u001b[31m\u0007';

/** The tiny benchmark, its series "random" called otherwise, its reasons for failing and its papers as odd. */
async function oddly(measure: 'accuracy' | 'size' | 'speed' = 'accuracy') {
  const { source } = await workplace();
  const renamed = <T extends { series: string }>(one: T): T =>
    one.series === 'random' ? { ...one, series: ODD } : one;
  const benchmark = {
    ...tiny,
    measure,
    title: `Title ${ODD}`,
    validationName: `split ${ODD}`,
    trials: () => tiny.trials('cpu').map(renamed),
    comparisons: [['global', ODD] as const],
  };
  const records = (await storedRecords()).map((record): TrialRecord => {
    const named = renamed(record);
    const { spec } = named;
    return {
      ...named,
      spec: { ...spec, network: 'constructor' },
      failure: named.failure && `${named.failure}: ${ODD}`,
    };
  });
  const published = source.published.map((row) => ({
    ...row,
    method: row.method && `${row.method} ${ODD}`,
    notes: ODD,
  }));
  const references = tiny.published.map((reference) => {
    const { method, ...where } = reference.where;
    return { ...reference, network: 'constructor', where: { ...where, method: `${method} ${ODD}` } };
  });
  const odd = {
    benchmark: {
      ...benchmark,
      published: references,
      trials: () => benchmark.trials().map((trial) => ({ ...trial, network: 'constructor' })),
    },
    published,
  };
  const report = await renderReport(odd, { resultsDir: 'results', records, keyOf });
  return { ...report, records, source: odd };
}

/** Bars that end a cell. */
const cells = (line: string) => line.replaceAll('\\\\', '').replaceAll('\\|', '').split('|').length;

for (const measure of ['accuracy', 'size', 'speed'] as const)
  test(`no name breaks a Markdown table of ${measure}`, async (t) => {
    const { tables, readmeBlock } = await oddly(measure);
    for (const text of [tables[0]!.markdown, readmeBlock!]) {
      t.notRegex(text, /<script|<\/script/i);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
      t.notRegex(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      const blocks = text.split('\n\n').filter((block) => block.startsWith('|'));
      t.true(blocks.length > 0);
      for (const block of blocks) t.is(new Set(block.split('\n').map(cells)).size, 1, block);
      for (const line of text.split('\n').filter((each) => each.includes('alert(1)')))
        t.true(line.includes(escapeMarkdown(ODD)), line);
    }
  });

test('Markdown shows the characters themselves', (t) => {
  t.is(escapeMarkdown('global, one-shot (p <= 0.05) a-b K&C 12 %'), 'global, one-shot (p <= 0.05) a-b K&C 12 %');
  t.is(escapeMarkdown('a|b'), 'a\\|b');
  t.is(escapeMarkdown('`x` *y* _z_ [l] ~s~ $m$ \\'), '\\`x\\` \\*y\\* \\_z\\_ \\[l\\] \\~s\\~ \\$m\\$ \\\\');
  t.is(escapeMarkdown('<b>&lt;'), '&lt;b>&amp;lt;');
  t.is(escapeMarkdown('a\r\nb'), 'a b');
  t.deepEqual(['# h', '- x', '1. y', '> q'].map(escapeMarkdown), ['\\# h', '\\- x', '1\\. y', '\\> q']);
});

test('a name comes out of the CSV files as it went in, but for control characters', async (t) => {
  const { files, records, source } = await oddly();
  const name = ODD.replace('\u001b', '\\u001b').replace('\u0007', '\\u0007');
  const texts = [...files].filter(([file]) => file.endsWith('.csv')).map(([, text]) => text);
  texts.push(renderLeaderboard([source], records, keyOf).get('leaderboard.csv')!);
  for (const text of texts) {
    const rows: Record<string, string>[] = parse(text, { columns: true });
    t.true(rows.some(({ series, first, second }) => [series, first, second].includes(name)));
    t.true(rows.some(({ network }) => network === 'constructor'));
  }
});

test('every plot is XML, whatever its names hold', async (t) => {
  const execute = promisify(execFile);
  const parser = 'import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.argv[1].encode())';
  const python = await execute('python3', ['--version']).then(
    () => true,
    () => false,
  );
  for (const measure of ['accuracy', 'size'] as const) {
    const { files } = await oddly(measure);
    for (const [file, svg] of files) {
      if (!file.endsWith('.svg')) continue;
      t.true(svg.includes('&lt;script&gt;'), file);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
      t.notRegex(svg, /<script|[\u0000-\u0008\u000b-\u001f]/, file);
      if (python) await t.notThrowsAsync(execute('python3', ['-c', parser, svg]), file);
    }
  }
});
