import test from 'ava';
import type { SpeedRow } from '../src/measure.ts';
import { measureWorkload } from '../src/measure.ts';
import { startOurs } from '../src/start-ours.ts';
import { speedTable } from '../src/table.ts';
import { workloads } from '../src/workloads.ts';

const alone: SpeedRow = {
  network: 'lenet-300-100',
  mode: 'train',
  threads: 2,
  batchSize: 128,
  ourMilliseconds: 0.5,
  peerMilliseconds: null,
  peerLayout: null,
  ratio: null,
  ratioMin: null,
  ratioMax: null,
  goal: 1.5,
  gflops: 250,
  shareOfCeiling: null,
};
const compared: SpeedRow = {
  ...alone,
  peerMilliseconds: 1,
  peerLayout: 'nchw',
  ratio: 2,
  ratioMin: 1.9,
  ratioMax: 2.1,
  shareOfCeiling: 0.5,
};
const headOf = (table: string) =>
  table
    .split('\n')[0]!
    .split('|')
    .slice(1, -1)
    .map((text) => text.trim());

test('without PyTorch the table has our numbers alone, and says so', (t) => {
  const table = speedTable([alone]);
  t.deepEqual(headOf(table), ['network', 'batch of 128', 'threads', 'ours, ms', 'GFLOP/s']);
  t.regex(table, /\| +0\.50 \| +250 \|/);
  t.notRegex(table, /%|ratio|NaN|null/);
  t.regex(table, /\n\nPyTorch was not there: these are our times alone/);
});

test('with PyTorch it has ratio and ceiling; a row whose peer was missing leaves them empty', (t) => {
  const table = speedTable([compared, alone]);
  t.is(headOf(table).length, 10);
  t.regex(table, /2\.00 \(1\.90-2\.10\) +\| +1\.5 \| +250 \| +50 % \|/);
  t.regex(table, /\| +\| +1\.5 \| +250 \| +\|$/);
  t.notRegex(table, /alone/);
});

test('a workload that is measured without a peer has no share of a ceiling', async (t) => {
  const ours = await startOurs(1);
  try {
    const setting = { ours, peer: null, threads: 1, rounds: 1, ceiling: null };
    const row = await measureWorkload(workloads[0]!, 'eval', setting);
    t.true(row.ourMilliseconds > 0);
    t.like(row, { shareOfCeiling: null, ratio: null, peerMilliseconds: null });
  } finally {
    ours.stop();
  }
});
