import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { shown, statements, summarise } from '../src/index.ts';
import { cellOf } from '../src/summary/summary.ts';
import { formatBound } from '../src/tables/format.ts';
import { madeUpNetwork } from './made-up-records.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

const summary = async () => summarise(await storedRecords(), tiny.trials('cpu'));

test('a cell has mean, interval and spread of its seeds', async (t) => {
  const cell = cellOf((await summary()).networks[0]!, 'global', 0.9)!;
  // Errors 2.0, 2.1, 2.2: standard deviation 0.1, and t(0.975, 2) = 4.302653.
  t.is(cell.error!.n, 3);
  t.is(cell.error!.mean.toFixed(9), '2.100000000');
  t.is(cell.error!.sd!.toFixed(9), '0.100000000');
  t.is(cell.error!.high!.toFixed(6), (2.1 + (4.302653 * 0.1) / Math.sqrt(3)).toFixed(6));
  t.is(cell.prunedAccuracy!.mean, 52);
  t.is(cell.bestValidationAccuracy!.mean.toFixed(9), '97.950000000');
});

test('requested and achieved sparsity are kept apart', async (t) => {
  const cell = cellOf((await summary()).networks[0]!, 'uniform', 0.9)!;
  t.is(cell.at, 0.9);
  t.is(cell.achievedSparsity!.mean.toFixed(9), '0.899000000');
  t.is(cell.compressionRatio!.mean.toFixed(9), (1050 / 151).toFixed(9));
});

test('a failed trial stays in its cell with its reason', async (t) => {
  const cell = cellOf((await summary()).networks[0]!, 'random', 0.9)!;
  t.deepEqual(cell.failures, [{ seed: 1, reason: 'The loss became NaN at step 7.' }]);
  t.is(cell.error!.n, 2);
});

test('collapsed layers are named with their seeds', async (t) => {
  const cell = cellOf((await summary()).networks[0]!, 'random', 0.98)!;
  t.deepEqual(cell.collapsed, [{ layer: 'fc2/kernel', seeds: [0, 1, 2] }]);
  t.is(cell.smallestDensity!.mean, 0);
});

test('the dense network is counted once per seed', async (t) => {
  const { dense } = (await summary()).networks[0]!;
  t.is(dense.length, 1);
  t.deepEqual(
    dense[0]!.trials.map(({ accuracy }) => accuracy),
    [98.4, 98.3, 98.5],
  );
});

test('a method that trains differently from the start does not change the dense reference of the others', async (t) => {
  const records = (await storedRecords()).map((record) =>
    record.series === 'random' && record.measured
      ? { ...record, measured: { ...record.measured, dense: record.measured.final } }
      : record,
  );
  const { dense } = summarise(records, tiny.trials('cpu')).networks[0]!;
  t.is(dense.length, 1);
  t.is(dense[0]!.accuracy.mean.toFixed(9), '98.400000000');
});

test('the order of the records makes no difference', async (t) => {
  const records = await storedRecords();
  t.deepEqual(summarise(records.toReversed(), tiny.trials('cpu')), summarise(records, tiny.trials('cpu')));
});

test('two records of the same seed of a cell are refused', async (t) => {
  const records = await storedRecords();
  const error = t.throws(() => summarise([...records, { ...records[0]!, key: 'twin' }]), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.message, /twin/);
});

test('statements count the sparsities that the tests separate', async (t) => {
  const [said] = statements(await summary(), [['uniform', 'global']]);
  // At 90 % the control has two seeds and no test, so that the pair is alone in its family: p is 0.001039 (t = 31 on 2 degrees of
  // freedom), at most 0.0011. At 98 % the family has three pairs.
  t.is(
    said,
    'global beats uniform on 1 of 2 sparsities (90 %) of MLP (MNIST): paired t over 3 seeds, Holm-corrected over the 1 to 3 pairs of series at each sparsity, p <= 0.0011.',
  );
});

test('statements say so when there are too few seeds', async (t) => {
  const few = (await storedRecords()).filter(({ spec }) => spec.seed < 2);
  const said = statements(summarise(few), [['global', 'uniform']]);
  t.deepEqual(said, ['Too few seeds of MLP (MNIST) for paired tests: 3 are needed.']);
});

test('a sentence has the p-value of the comparisons, whatever else is asked, and in either order', async (t) => {
  const made = { a: [98, 98.2, 98.1], b: [97.1, 97.21, 97.1], c: [95, 95.3, 95.1], d: [97, 97.3, 97.2] };
  const [network] = [await madeUpNetwork(made)];
  const [pair] = shown(network).tests.filter(({ first, second }) => first === 'a' && second === 'c');
  const p = formatBound(pair!.tTestHolm!, pair!.tTestHolm! <= 0.05 ? 'at most' : 'at least');
  const of = { ...(await summary()), networks: [network] };
  for (const asked of [
    [['a', 'c']],
    [['c', 'a']],
    [
      ['a', 'b'],
      ['c', 'a'],
      ['b', 'd'],
    ],
  ] as const) {
    const said = statements(of, asked).find((line) => /\ba\b/.test(line) && /\bc\b/.test(line))!;
    t.true(said.endsWith(`Holm-corrected over the 6 pairs of series at each sparsity, p ${p}.`), said);
  }
});
