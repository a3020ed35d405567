/** How many files the pictures of a figure take, and what is in them. */
import test from 'ava';
import { renderSvg, summarise } from '../src/index.ts';
import { densityFigure } from '../src/plots/density.ts';
import { isReportFile, pictureFile } from '../src/published-files.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

/** The stored network `count` times, each with `cells` cells of two layers. */
async function networks(count: number, cells: number) {
  const summary = summarise(await storedRecords(), tiny.trials('cpu'), 'accuracy');
  const [network] = summary.networks;
  const many = Array.from({ length: cells }, (_, index) => network!.cells[index % network!.cells.length]!);
  return { ...summary, networks: Array.from({ length: count }, () => ({ ...network!, cells: many })) };
}

test('density plots share a picture up to 2,000 cells; further ones are parted between networks', async (t) => {
  const one = densityFigure.draw(await networks(2, 500), tiny, []);
  t.is(one.length, 1);
  t.is(one[0]!.part, undefined);
  const three = densityFigure.draw(await networks(5, 500), tiny, []);
  t.deepEqual(
    three.map(({ part }) => part?.split(', ').length),
    [2, 2, 1],
  );
  const alone = densityFigure.draw(await networks(2, 1500), tiny, []);
  t.is(alone.length, 2, 'a network is never parted');
});

test('a further picture has its number in its name, and is a file of a report as the first is', (t) => {
  t.is(pictureFile('density', 'cpu', 0), 'density-cpu.svg');
  t.is(pictureFile('density', 'cpu', 2), 'density-3-cpu.svg');
  t.true(isReportFile('density-cpu.svg'));
  t.true(isReportFile('density-3-cpu.svg'));
  t.false(isReportFile('table-3-cpu.csv'));
  t.false(isReportFile('mine-cpu.svg'));
});

test('a picture has no classes and no descriptions of marks, which nobody sees', async (t) => {
  const [picture] = densityFigure.draw(await networks(1, 4), tiny, []);
  const svg = await renderSvg(picture!.spec);
  t.notRegex(svg, / (class|role|aria-[a-z]+)=/);
  t.true(svg.includes('MLP on MNIST'));
});
