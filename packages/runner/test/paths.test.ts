/** Trials that are not asked for a sparsity, from their declaration to their table. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';
import { sandbox, TINY } from './fixtures/cli.ts';

const PATHS = fileURLToPath(new URL('fixtures/paths.ts', import.meta.url));
/** Student's t for 95 % and two degrees of freedom. */
const T = 4.302653;

/** Rows of a CSV file that quotes nothing. */
async function csv(...path: string[]): Promise<Record<string, string>[]> {
  const text = await readFile(join(...path), 'utf8');
  if (text.includes('"')) throw new Error(`${path.at(-1)} has quoted fields`);
  const [columns, ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(row.map((field, index) => [columns[index], field])));
}

function meanAndHalf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, half: (T * Math.sqrt(variance)) / Math.sqrt(values.length) };
}

test.serial('a path over lambda: its points run by name, and the sparsity is a result with an interval', async (t) => {
  await using box = await sandbox();
  const first = await box.run('lambda-path', '--plugin', PATHS, '--filter', 'lambda=0.1');
  t.is(first.exitCode, 0, first.all);
  t.is((await box.records('lambda-path')).size, 3);
  t.regex(first.all!, /threshold, tiny-mlp, lambda 0\.1, seed 0: finished/);
  const { exitCode, all, stdout } = await box.run('lambda-path', '--plugin', PATHS, '--markdown');
  t.is(exitCode, 0, all);
  const records = [...(await box.records('lambda-path')).values()].filter(({ series }) => series === 'threshold');
  t.deepEqual(records.map(({ spec }) => spec.at && 'lambda' in spec.at && spec.at.lambda).sort(), [
    ...[0, 0, 0, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3],
  ]);
  for (const { spec, measured } of records) {
    t.false('sparsity' in spec);
    t.false('requested' in measured!.sparsity);
  }
  const at = records.filter(({ spec }) => spec.at && 'lambda' in spec.at && spec.at.lambda === 0.3);
  const { mean, half } = meanAndHalf(at.map(({ measured }) => measured!.sparsity.achieved));
  t.true(mean > 0 && mean < 1);
  const rows = await csv(box.results, 'lambda-path', 'table-smoke.csv');
  const row = rows.find(({ lambda }) => lambda === '0.3')!;
  t.is(row.requested_sparsity_percent, '');
  for (const [column, value] of [
    ['achieved_sparsity_percent', mean],
    ['achieved_sparsity_low_percent', Math.max(0, mean - half)],
    ['achieved_sparsity_high_percent', Math.min(1, mean + half)],
  ] as const)
    t.true(Math.abs(Number(row[column]) - 100 * value) < 1e-4, `${column}: ${row[column]}`);
  t.is(rows.find(({ series }) => series === 'magnitude')!.requested_sparsity_percent, '50');
  t.regex(stdout, /\| +λ \| weights removed, % \| +test (error|accuracy), % \|/);
  t.regex(stdout, /\| threshold +\| +0\.3 \| +[\d.]+ (± [\d.]+|\([\d.]+ to [\d.]+\)) \|/);
  t.regex(stdout, /No tests: a λ means something else for each method\./);
  t.is((await csv(box.results, 'lambda-path', 'comparisons-smoke.csv')).length, 0);
  const verified = await box.cli('verify', '--results', box.results, '--plugin', TINY, '--plugin', PATHS);
  t.is(verified.exitCode, 0, verified.all);
});

test.serial('shares of units: as many as were asked for go, and series are compared at each share', async (t) => {
  await using box = await sandbox();
  const { exitCode, all, stdout } = await box.run('units-path', '--plugin', PATHS, '--markdown');
  t.is(exitCode, 0, all);
  const records = [...(await box.records('units-path')).values()];
  t.is(records.length, 12);
  for (const { spec, measured } of records) {
    const { units } = spec.at as { units: number };
    // Of 12 hidden neurons with 16 inputs each; their outgoing weights are read in vain and counted as removed from the sizes alone.
    const kept = 12 * (1 - units);
    t.deepEqual(
      measured!.layers.map(({ remaining }) => remaining),
      [16 * kept, 12 * 4],
    );
  }
  t.regex(stdout, /whole units removed: weights removed and test (error|accuracy), in % at each share of units/);
  t.regex(stdout, /\| norms +\| +25 \| +20\.00 ± 0\.00 \|/);
  const rows = await csv(box.results, 'units-path', 'comparisons-smoke.csv');
  t.deepEqual(
    rows.map((row) => [row.requested_sparsity_percent, row.requested_units_percent, row.first, row.second]),
    [
      ['', '25', 'norms', 'shuffled'],
      ['', '50', 'norms', 'shuffled'],
    ],
  );
});

test('a trial with two points or none, or one that its axis does not have, is refused by its place', async (t) => {
  const registry = await loadRegistry();
  const trial = {
    dataset: 'mnist',
    network: 'lenet-300-100',
    method: 'magnitude',
    series: 'x',
    pretrain: null,
    retrain: null,
  };
  const refused = (point: object, message: RegExp) =>
    t.throws(() => declareTrials([{ ...trial, ...point }], 1, registry), { instanceOf: PrunebenchError, message });
  refused({}, /trials: "0": expected either a sparsity or at/);
  refused({ sparsity: 0.5, at: { units: 0.5 } }, /trials: "0": expected either a sparsity or at/);
  refused({ at: { units: 1 } }, /trials: "0\.at/);
  refused({ at: { lamda: 1 } }, /trials: "0\.at": expected one of/);
});
