/** Words of suggested commands, read by a shell. */
import { execFileSync } from 'node:child_process';
import { SCHEMA_VERSION, type TrialRecord } from '@prunebench/core';
import test from 'ava';
import { runAgain } from '../src/plan/find-trial.ts';
import { shellWord } from '../src/terminal/shell-word.ts';

/** What a shell makes of a line: its words. Nothing of what stands in it may be run. */
function wordsOf(line: string): readonly string[] {
  const script = `printf '%s\\0' ${line}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

const finished: TrialRecord = {
  ...{ schema: SCHEMA_VERSION, key: 'a', benchmark: 'tiny', scale: 'smoke', series: 's', control: false },
  spec: { dataset: 'd', network: 'n', method: 'm', options: {}, sparsity: 0.9, pretrain: null, retrain: null, seed: 0 },
  ...{ failure: null, measured: null },
  run: {
    ...{ commit: 'c', dirty: false, backend: 'cpu', threads: 1, versions: {}, datasetChecksum: 'd' },
    host: { cpu: 'x', cores: 1, platform: 'y' },
    ...{ finishedAt: '2026-01-01T00:00:00.000Z', computeSeconds: 1, stages: [] },
  },
};

const NAMES = [
  "it's",
  '$(touch /tmp/prunebench-was-here)',
  '`id`',
  'a; id',
  'a && id | sh > x',
  '"quoted"',
  'back\\slash\\',
  '*',
  '~',
  '~root',
  '#',
  '!!',
  '{a,b}',
  '[a]',
  'a\nid',
  'é ± 🎲',
  '',
  '=ls',
  '%1',
];

test('a shell reads every text as the one word that it is', (t) => {
  for (const name of NAMES) t.deepEqual(wordsOf(shellWord(name)), [name]);
});

test('the command that runs a trial again has one word for each filter, whatever its names hold', (t) => {
  for (const name of NAMES) {
    const { spec } = finished;
    const again = runAgain({ ...finished, benchmark: name, series: name, spec: { ...spec, network: name } });
    const words = wordsOf(again);
    t.deepEqual(words.slice(0, 6), ['./prunebench', 'run', name, '--scale', finished.scale, '--seeds']);
    t.true(words.includes(`series=${name}`));
    t.true(words.includes(`network=${name}`));
    t.is(words.length, 7 + 2 * 5);
  }
});
