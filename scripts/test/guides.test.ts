/**
 * The examples of the guides, as a reader copies them: every code block with a title is a file, every command in which the guide runs
 * Prunebench or Python is run in its folder. Only `epochs` are fewer.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TrialRecord } from '@prunebench/core';
import { loadRecords } from '@prunebench/records';
import test from 'ava';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const PRUNEBENCH = '../prunebench/prunebench';
const PYTHON = '/usr/bin/python3';

/** What the guide's commands print, and the records that they leave. */
interface Outcome {
  readonly printed: readonly string[];
  readonly records: readonly TrialRecord[];
}

/** Follows a guide in a folder of its own, which finds no package by luck. */
async function follow(guide: string): Promise<Outcome> {
  const text = await readFile(join(root, 'docs', guide), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'guide-'));
  try {
    for (const [, name, code] of text.matchAll(/^```\w+ title="([^"]+)"\n([\s\S]*?)^```$/gm))
      await writeFile(join(folder, name), code.replaceAll(/epochs: 1,/g, 'epochs: 0.02,'));
    const printed: string[] = [];
    for (const command of commandsIn(text)) {
      const { stdout, stderr } = await run('bash', ['-c', command], {
        cwd: folder,
        env: environment(),
        maxBuffer: 2 ** 26,
      });
      printed.push(`${stdout}${stderr}`);
    }
    const { records, corrupt } = await loadRecords(join(folder, 'results'), { onCorrupt: 'report' });
    if (corrupt.length > 0) throw new Error(corrupt[0].reason);
    return { printed, records };
  } finally {
    await rm(folder, { recursive: true, maxRetries: 5 });
  }
}

function environment(): NodeJS.ProcessEnv {
  const { NODE_PATH: _, ...env } = process.env;
  return { ...env, NO_COLOR: '1', PRUNEBENCH_BACKEND: 'auto' };
}

/** With this repository in the place of `../prunebench`, and without the shell script in between. */
function commandsIn(text: string): readonly string[] {
  const lines = text
    .split('\n')
    .flatMap((line) => (/^ {4}(\.\.\/prunebench\/prunebench |python3 |cp -rL )/.test(line) ? [line.trim()] : []));
  return lines.map((line) =>
    line
      .replace(PRUNEBENCH, `'${process.execPath}' '${join(root, 'packages/runner/src/main.ts')}'`)
      .replace(/ run (\S+)/, ' run $1 --no-speed')
      .replace('python3', PYTHON)
      .replaceAll('../prunebench', root),
  );
}

const series = ({ records }: Outcome) => records.map((record) => record.series).sort();

test.serial('an own criterion, as docs/how-to-add-a-criterion.md has it', async (t) => {
  const outcome = await follow('how-to-add-a-criterion.md');
  t.regex(outcome.printed[0], /^travel +Distance from the initial weight/m);
  t.deepEqual(series(outcome), ['magnitude', 'travel']);
});

test.serial('an own benchmark with published values, as docs/how-to-add-a-benchmark.md has it', async (t) => {
  const outcome = await follow('how-to-add-a-benchmark.md');
  t.deepEqual(series(outcome), ['global', 'global', 'layer-wise', 'layer-wise', 'random', 'random']);
  const [, reported, verified] = outcome.printed;
  t.regex(reported, /Lee et al\. 2019, Table 1 \(LWC\).*98\.4 at 91\.7 %/, 'the published value stands in the table');
  t.regex(verified, /^Verified: every table of scopes follows from its records\./m);
});

test.serial('an own network, as docs/how-to-add-a-network.md has it', async (t) => {
  const outcome = await follow('how-to-add-a-network.md');
  t.regex(outcome.printed[0], /^small-cnn +Two convolutions and a classifier$/m);
  const counted = outcome.records.map(({ series, measured }) => [
    series,
    measured?.layers.map(({ weights }) => weights),
  ]);
  // 3 x 3 x 1 x 8; 3 x 3 x 8 x 16; 28 -> 14 -> 6, so 6 x 6 x 16 features for 10 classes.
  const weights = [72, 1152, 5760];
  t.deepEqual(counted.toSorted(), [
    ['filters', weights],
    ['weights', weights],
  ]);
});

test.serial(
  'own data, as docs/how-to-add-a-data-set.md has them: arrays are learnt, and files are those of MNIST',
  async (t) => {
    const outcome = await follow('how-to-add-a-data-set.md');
    t.regex(outcome.printed[0], /^rings +Two rings$/m);
    const of = (network: string) => outcome.records.filter(({ spec }) => spec.dataset === network);
    t.is(of('rings').length, 2);
    // No line separates two rings: a network that has learnt nothing is right half of the time.
    for (const { measured } of of('rings')) t.true((measured?.dense?.test.accuracy ?? 0) > 90);
    t.is(of('digits').length, 1);
  },
);

const hasTorch = spawnSync(PYTHON, ['-c', 'import numpy, torch']).status === 0;

(hasTorch ? test.serial : test.serial.skip)(
  'a network of PyTorch is as accurate here as there, as docs/how-to-prune-a-trained-network.md has it',
  async (t) => {
    const outcome = await follow('how-to-prune-a-trained-network.md');
    const [, printed] = /test accuracy ([\d.]+) %/.exec(outcome.printed[0]) ?? [];
    t.true(Number(printed) > 80, 'it has learnt');
    t.is(outcome.records.length, 4);
    for (const { measured } of outcome.records) {
      // An example whose two best classes are equal but for rounding may fall to either.
      t.true(Math.abs((measured?.dense?.test.accuracy ?? 0) - Number(printed)) < 0.031, `${printed} %`);
    }
    const after = (method: string, sparsity: number) =>
      outcome.records.find(({ spec }) => spec.method === method && spec.sparsity === sparsity)!.measured!.pruned!;
    t.true(after('magnitude', 0.5).test.accuracy > after('random', 0.5).test.accuracy);
  },
);
