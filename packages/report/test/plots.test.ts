/** How pictures are laid out: texts, panels, styles. */
import test from 'ava';
import { shortName } from '../src/plots/density-labels.ts';
import { MOST_SERIES, panelParts } from '../src/plots/parts.ts';
import { publishedStyles } from '../src/plots/style.ts';
import { textWidth, wrap } from '../src/render/text.ts';

test("a text's width is that of Helvetica's characters, with a little room", (t) => {
  // Adobe's metrics: H 722, i 222.
  const exact = (10 * (722 + 222)) / 1000;
  t.true(textWidth('Hi', 10) >= exact && textWidth('Hi', 10) < 1.15 * exact);
  t.true(textWidth('iiii', 12) < textWidth('WW', 12));
});

test('no word is left alone in the last line, nothing is wider than asked, and a number keeps its per cent sign', (t) => {
  const text = 'Test accuracy or test error after the last epoch; mean and 95 % interval over 5 seeds; scale cpu';
  for (let width = 120; width < 700; width += 7) {
    const lines = wrap(text, width);
    t.is(lines.join(' '), text);
    t.true(lines.every((line) => textWidth(line, 12) <= width));
    if (lines.length > 1) t.true(lines.at(-1)!.includes(' '), `${width}: ${lines.join(' / ')}`);
    t.true(lines.some((line) => line.includes('95 %')));
  }
});

const series = (names: readonly string[], controls = 0) =>
  names.map((name, index) => ({ name, control: index >= names.length - controls }));

test('a panel has at most eight series; every series is in one; variants and controls stay together', (t) => {
  const all = series(
    [
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      ...['a', 'b', 'c'].map((head) => `${head}, layer-wise`),
      ...['random', 'shuffled', 'x', 'y', 'z', 'v', 'w'],
    ],
    7,
  );
  const parts = panelParts(all);
  t.deepEqual(
    parts.map(({ label, series: { size } }) => [label, size]),
    [
      ['part 1 of 2', 8],
      ['part 2 of 2', 3],
      ['controls', 7],
    ],
  );
  t.deepEqual(parts.flatMap((part) => [...part.series]).sort(), all.map(({ name }) => name).sort());
  t.deepEqual(
    panelParts(series(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'random', 'shuffled'], 2)).map(({ label }) => label),
    ['methods', 'controls'],
  );
  t.is(panelParts(series(Array.from({ length: MOST_SERIES }, (_, i) => `${i}`))).length, 1);
  const many = panelParts(series(Array.from({ length: 20 }, (_, i) => `${i}`)));
  t.deepEqual(
    many.map((part) => part.series.size),
    [7, 7, 6],
  );
});

test('every source has a marker of its own', (t) => {
  const sources = Array.from({ length: 8 }, (_, index) => `paper ${index}`);
  t.is(new Set(publishedStyles(sources).map(({ shape }) => shape)).size, 8);
  t.throws(() => publishedStyles([...sources, 'one more']), { instanceOf: RangeError });
});

test("names of a residual network's layers are told apart in a few characters", (t) => {
  const names = [1, 2, 3].flatMap((stage) =>
    [1, 2].flatMap((block) => ['conv1', 'conv2', 'shortcut-conv'].map((part) => `stage${stage}-block${block}-${part}`)),
  );
  const short = names.map(shortName);
  t.is(new Set(short).size, names.length);
  t.true(short.every(({ length }) => length <= 12));
  t.is(shortName('conv1'), 'conv1');
  t.is(shortName('stage2-block1-shortcut-conv'), '2.1 shortcut');
});
