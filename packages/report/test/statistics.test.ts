import test from 'ava';
import { estimate, pairedTest, shown } from '../src/index.ts';
import { isSeparated } from '../src/statistics/paired-tests.ts';
import { rankCells } from '../src/statistics/ranks.ts';
import { cellOf, summarise } from '../src/summary/summary.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

// Student 1908 (Biometrika 6), additional hours of sleep of ten patients under two drugs; R's t.test(paired = TRUE)
// gives t = -4.0621, p = 0.002833, 95 % interval (-2.4598858, -0.7001142).
const drug1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
const drug2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

function close(
  t: { true(value: boolean, message?: string): unknown },
  actual: number | null,
  expected: number,
  tolerance: number,
) {
  t.true(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

test("the paired t-test gives the textbook p-value of Student's sleep data", (t) => {
  close(t, pairedTest(drug1, drug2).tTest, 0.002833, 5e-7);
});

test("Student's interval of the sleep data's differences", (t) => {
  const difference = estimate(drug1.map((value, index) => value - drug2[index]!))!;
  close(t, difference.mean, -1.58, 1e-12);
  close(t, difference.low, -2.4598858, 5e-8);
  close(t, difference.high, -0.7001142, 5e-8);
});

test('one seed has a mean and no interval; no seed has nothing', (t) => {
  t.deepEqual(estimate([3]), { n: 1, mean: 3, sd: null, low: null, high: null });
  t.is(estimate([]), null);
});

test('fewer than three pairs are not tested', (t) => {
  t.deepEqual(pairedTest([1, 2], [3, 5]), { tTest: null, wilcoxon: null, note: 'too few seeds' });
});

test('equal series do not differ', (t) => {
  t.is(pairedTest([98.1, 98.2, 98.4], [98.1, 98.2, 98.4]).tTest, 1);
});

test("Holm's correction multiplies the smallest p by the number of tests and keeps the order", async (t) => {
  const [network] = summarise(await storedRecords(), tiny.trials('cpu')).networks;
  // At 90 % the control has two seeds only, so global - uniform is the only test of its family.
  const at90 = shown(network!).tests.filter(({ at }) => at === 0.9);
  const [pair] = at90.filter(({ tTest }) => tTest !== null);
  t.is(at90.filter(({ note }) => note === 'too few seeds').length, 2);
  t.is(pair!.family, 1);
  t.is(pair!.tTestHolm, pair!.tTest);
  const at98 = shown(network!).tests.filter(({ at }) => at === 0.98);
  const raw = at98.map(({ tTest }) => tTest!).sort((a, b) => a - b);
  const corrected = at98.map(({ tTestHolm }) => tTestHolm!).sort((a, b) => a - b);
  const second = Math.max(3 * raw[0]!, 2 * raw[1]!);
  t.deepEqual(
    corrected.map((p) => p.toFixed(12)),
    [3 * raw[0]!, second, Math.max(second, raw[2]!)].map((p) => p.toFixed(12)),
  );
});

test('by hand: differences 0.5, 0.55, 0.5 points have t = 31 on two degrees of freedom', async (t) => {
  const [network] = summarise(await storedRecords(), tiny.trials('cpu')).networks;
  const pair = shown(network!).tests.find(
    ({ first, second, at }) => first === 'global' && second === 'uniform' && at === 0.9,
  )!;
  close(t, pair.difference!.mean, 1.55 / 3, 1e-9);
  // Student's distribution with 2 degrees of freedom has the closed form P(|T| > t) = 1 - t / sqrt(2 + t^2).
  close(t, pair.tTest, 1 - 31 / Math.sqrt(2 + 31 ** 2), 1e-9);
  t.true(isSeparated(pair));
});

test('series that the tests cannot separate share a rank; a series with failed seeds has none', async (t) => {
  const [network] = summarise(await storedRecords(), tiny.trials('cpu')).networks;
  const ranks = rankCells(network!, shown(network!).tests);
  const rank = (series: string, sparsity: number) => ranks.get(cellOf(network!, series, sparsity)!);
  t.deepEqual(
    ['global', 'uniform', 'random'].map((series) => rank(series, 0.9)),
    [1, 2, null],
  );
  t.deepEqual(
    ['global', 'uniform', 'random'].map((series) => rank(series, 0.98)),
    [1, 1, 3],
  );
});

test('a series that lost one of four seeds is compared on the other three, and not ranked', async (t) => {
  const records = await storedRecords();
  const fourth = records
    .filter(({ spec }) => spec.seed === 2 && spec.sparsity === 0.98)
    .map((record) => ({
      ...record,
      spec: { ...record.spec, seed: 3 },
      ...(record.series === 'global' ? { failure: 'The loss became NaN.', measured: null } : {}),
    }));
  const [network] = summarise([...records, ...fourth], tiny.trials('cpu')).networks;
  const tests = shown(network!).tests.filter(({ at }) => at === 0.98);
  t.deepEqual(
    tests.map(({ difference }) => difference!.n),
    [3, 3, 4],
  );
  t.is(rankCells(network!, tests).get(cellOf(network!, 'global', 0.98)!), null);
});
