/** Tables as they are drawn for terminals: against drawings made by hand, and against what every drawing has to keep. */
import { stripVTControlCharacters } from 'node:util';
import { loadRecords } from '@prunebench/records';
import test from 'ava';
import { cell, renderReport, type Table } from '../src/index.ts';
import { drawList, drawTable } from '../src/render/terminal.ts';
import { keyOf, workplace } from './tiny-benchmark.ts';

const small: Table = {
  columns: ['', '90 %', 'weights left, %'],
  rows: [
    [cell('SNIP'), cell('2.1 ± 0.2', { standing: 'best' }), cell('10.0')],
    [cell('magnitude of one author'), cell('2.15 ± 0.2', { standing: 'level' }), cell('9.5')],
    [cell('Ada 2015', { published: true }), cell('2', { published: true }), []],
  ],
};

const lines = (...all: string[]) => all.join('\n');

test('a table that fits is one block, numbers below each other and marks behind them', (t) => {
  t.is(
    drawTable(small, { width: 60, colour: false }),
    lines(
      '                                       weights',
      '                                 90 %  left, %',
      '───────────────────────  ────────────  ───────',
      'SNIP                      2.1 ± 0.2 *     10.0',
      'magnitude of one author  2.15 ± 0.2 ≈      9.5',
      'Ada 2015                          2',
    ),
  );
});

test('on a narrow terminal names are wrapped, and columns that do not fit go on below', (t) => {
  t.is(
    drawTable(small, { width: 24, colour: false }),
    lines(
      '                  90 %',
      '────────  ────────────',
      'SNIP       2.1 ± 0.2 *',
      'magnitud  2.15 ± 0.2 ≈',
      'e of one',
      'author',
      'Ada 2015           2',
      '',
      '          weights',
      '          left, %',
      '────────  ───────',
      'SNIP         10.0',
      'magnitud      9.5',
      'e of one',
      'author',
    ),
  );
});

test('where there are colours the best is bold, what a paper prints dim, and heads are bold', (t) => {
  const drawing = drawTable(small, { width: 60, colour: true });
  t.true(drawing.includes('\u001b[1m2.1 ± 0.2\u001b[22m'));
  t.true(drawing.includes('\u001b[2mAda 2015\u001b[22m'));
  t.true(drawing.includes('\u001b[1m90 %\u001b[22m'));
  t.true(drawing.includes('2.15 ± 0.2 ≈'));
  t.false(stripVTControlCharacters(drawing).includes('*'), 'bold needs no asterisk');
});

test('characters of two cells and names with control characters keep the columns straight', (t) => {
  const odd: Table = {
    columns: ['', 'x'],
    rows: [
      [cell('剪枝'), cell('1')],
      [cell('a\u001b[2J'), cell('2')],
    ],
  };
  t.is(
    drawTable(odd, { width: 40, colour: false }),
    lines('            x', '──────────  ─', '剪枝        1', 'a\\u001b[2J  2'),
  );
});

test('sentences of a list are wrapped below their beginning', (t) => {
  t.is(
    drawList(['one two three four five six seven'], { width: 24, colour: false }),
    lines('- one two three four', '  five six seven'),
  );
});

for (const width of [24, 33, 57, 80, 100, 240])
  for (const colour of [false, true])
    test(`a report ${colour ? 'with' : 'without'} colours keeps to ${width} characters and loses no cell`, async (t) => {
      const { resultsDir, source } = await workplace();
      const { records } = await loadRecords(resultsDir, { onCorrupt: 'report' });
      const { tables } = await renderReport(source, { resultsDir, records, keyOf, pictures: false });
      const drawing = tables[0]!.draw({ width, colour });
      t.is(drawing.includes('\u001b'), colour);
      const plain = stripVTControlCharacters(drawing);
      for (const line of plain.split('\n')) t.true(line.length <= width, line);
      t.notRegex(plain, /\*\*|^\|/m);
      // Every number of the Markdown table, which another renderer makes of the same records, is drawn as often as it stands there.
      const numbers = tables[0]!.markdown.match(/\d+\.\d+ ± \d+\.\d+/g)!;
      t.true(numbers.length >= 6);
      const unwrapped = plain.replace(/\n/g, ' ').replace(/ +/g, ' ');
      for (const number of new Set(numbers))
        t.is(unwrapped.split(number).length - 1, numbers.filter((each) => each === number).length, number);
      const said = /- (global beats uniform .*)$/m.exec(tables[0]!.markdown)![1].replaceAll('\\', '');
      t.true(unwrapped.includes(said.slice(0, 60)), unwrapped);
    });
