/** Looking at what a run has left, by the commands themselves: one run, and what each of them says of it. */
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '@prunebench/files';
import { publishedFiles, recordTable } from '@prunebench/records';
import test from 'ava';
import { resultsFolder } from '../src/results/results-folder.ts';
import { readRecords, sandbox, TINY } from './fixtures/cli.ts';

const box = await sandbox();
await box.run('tiny');
test.after.always(() => box[Symbol.asyncDispose]());

const look = (command: readonly string[], ...more: readonly string[]) =>
  box.cli(...command, '--results', box.results, '--plugin', TINY, ...more);

test.serial('list trials shows each record, with its accuracy', async (t) => {
  const { stdout, exitCode } = await look(['list', 'trials', 'tiny', '--json']);
  t.is(exitCode, 0);
  const listed: { key: string; state: string; accuracy: number }[] = JSON.parse(stdout);
  const records = await readRecords(box.results, 'tiny');
  t.deepEqual(
    listed.map(({ key, accuracy }) => [key, accuracy]).sort(),
    [...records.values()].map(({ key, measured }) => [key, measured!.final!.test.accuracy]).sort(),
  );
  t.true(listed.every(({ state }) => state === 'finished'));
  const { stdout: table } = await look(['list', 'trials', '--seed', '1']);
  t.regex(
    table,
    /^benchmark tiny, scale smoke, data set blobs, network tiny-mlp\n\nkey +series +sparsity +seed +state/,
  );
  t.regex(table, /\n[0-9a-f]{8} +control: random +0\.8 +1 +finished +\d+\.\d\d\n\n3 trials: 3 finished$/);
});

test.serial('show says what the record does, and draws the curve of the run', async (t) => {
  const picture = join(box.root, 'trial.svg');
  const { stdout, exitCode } = await look(['show', '--series', 'iterative', '--seed', '0', '--svg', picture]);
  t.is(exitCode, 0, stdout);
  const records = [...(await readRecords(box.results, 'tiny')).values()];
  const { key, measured, run } = records.find(({ series, spec }) => series === 'iterative' && spec.seed === 0)!;
  t.true(stdout.includes(key));
  t.true(stdout.includes(measured!.final!.test.accuracy.toFixed(2)));
  t.true(stdout.includes(run.commit));
  for (const { name, remaining } of measured!.layers) t.regex(stdout, new RegExp(`${name}.* ${remaining} `));
  // Half of what is left in each round, until 20 % are: three of them.
  t.regex(stdout, /Weights were removed 3 times \(after epochs 2, 3, 4\)/);
  t.true((await readFile(picture, 'utf8')).length < 60_000);
  const { stdout: json } = await look(['show', key.slice(0, 12), '--json']);
  const { curve } = JSON.parse(json);
  t.deepEqual(curve.prunedAt, [2, 3, 4]);
  t.is(curve.points.length, 5, 'two epochs before, one after each pruning');
  t.is(curve.points.at(-1).validation.accuracy, measured!.final!.validation.accuracy);
});

test.serial('export takes what a trial is in place of its key', async (t) => {
  const { stdout, exitCode } = await look(['export', '--series', 'random', '--seed', '1', '--output', box.root]);
  t.is(exitCode, 0);
  const records = [...(await readRecords(box.results, 'tiny')).values()];
  const { key } = records.find(({ series, spec }) => series === 'random' && spec.seed === 1)!;
  t.true(stdout.startsWith(join(box.root, `${key}.safetensors`)));
  const { stderr, exitCode: none } = await look(['export', '--series', 'random', '--output', box.root]);
  t.is(none, 1);
  t.regex(stderr, /2 trials have series random: .*\nSay which with --seed \(0, 1\)/);
});

test.serial('a report beside a run shows how much there is, and writes nothing but elsewhere', async (t) => {
  const csv = join(box.results, 'tiny', 'table-smoke.csv');
  await writeFile(csv, 'as it was');
  const { lock } = resultsFolder(box.results);
  // This process stands for a run that holds the folder.
  const held = await tryLock(lock);
  if (!('release' in held)) return t.fail();
  const { stdout, stderr, exitCode } = await look(['report', 'tiny']);
  t.is(exitCode, 0);
  t.regex(stderr, new RegExp(`^Process ${process.pid} on .* nothing is written`));
  t.regex(stdout, /^tiny, scale smoke: 6 of 6 trials\n/);
  t.is(await readFile(csv, 'utf8'), 'as it was');
  const output = join(box.root, 'interim');
  const { exitCode: written } = await look(['report', 'tiny', '--output', output]);
  t.is(written, 0);
  t.regex(await readFile(join(output, 'tiny', 'table-smoke.csv'), 'utf8'), /iterative/);
  t.is(await readFile(csv, 'utf8'), 'as it was');
  await held.release();
});

test.serial('compare finds nothing where nothing differs, and one changed number where it does', async (t) => {
  const twin = join(box.root, 'twin');
  await cp(box.results, twin, { recursive: true });
  const same = await look(['compare', box.results, twin, '--fail-on-difference']);
  t.is(same.exitCode, 0);
  t.regex(same.stdout, /3 cells in both: 3 the same to the bit, 0 separated/);
  // A folder with two of the six trials: the lines of the others are left out.
  const other = join(box.root, 'other');
  await mkdir(join(other, 'tiny'), { recursive: true });
  await copyFile(join(box.results, 'results.json'), join(other, 'results.json'));
  const [from, to] = [box.results, other].map((root) => publishedFiles(recordTable(root, 'tiny', 'smoke')));
  const records = [...(await readRecords(box.results, 'tiny')).values()];
  const kept = records.filter(({ series, spec }) => series === 'one-shot' || (series === 'random' && spec.seed === 1));
  for (const file of ['measured', 'runs'] as const) {
    const lines = (await readFile(from![file], 'utf8')).split(/(?<=\n)/);
    await writeFile(
      to![file],
      lines.filter((line) => kept.some(({ key }) => line.includes(`"key":"${key}"`))).join(''),
    );
  }
  const partly = await look(['compare', box.results, other, '--json', '--fail-on-difference']);
  t.is(partly.exitCode, 1, partly.stderr);
  const { tables, any, separated } = JSON.parse(partly.stdout);
  t.deepEqual([any, separated], [true, false]);
  type Trials = readonly {
    readonly series: string;
    readonly seeds: readonly number[];
    readonly same: readonly number[];
  }[];
  const seedsOf = (trials: Trials) => trials.map(({ series, seeds }) => [series, ...seeds]);
  t.deepEqual(seedsOf(tables[0].onlyFirst), [
    ['iterative', 0, 1],
    ['random', 0],
  ]);
  t.deepEqual(tables[0].onlySecond, []);
  t.deepEqual(
    tables[0].cells.map(({ same: equal }: Trials[number]) => equal),
    [[0, 1], [1]],
  );
});
