import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { assertFairPeer } from '../src/peer.ts';
import { Side } from '../src/side.ts';

test('a peer on a slow BLAS is refused, with what to install', (t) => {
  const error = t.throws(() => assertFairPeer(100, 6), { instanceOf: PrunebenchError });
  t.regex(error!.remedy!, /libopenblas/);
  t.notThrows(() => assertFairPeer(100, 80));
});

test('a side that does not come up says what it printed', async (t) => {
  const failing = ['-e', 'console.error("no module named torch"); process.exit(1)'];
  const error = await t.throwsAsync(Side.start('Peer', process.execPath, failing, 1), { instanceOf: PrunebenchError });
  t.regex(error!.message, /no module named torch/);
});

test('a side that is not there at all is an error of the same kind', async (t) => {
  await t.throwsAsync(Side.start('Peer', '/nowhere/python', [], 1), { instanceOf: PrunebenchError });
});

test('requests and answers are lines of JSON, and threads are pinned in every variable', async (t) => {
  const echo = `
    console.log(JSON.stringify({ version: [process.env.OMP_NUM_THREADS, process.env.OPENBLAS_NUM_THREADS, process.env.PRUNEBENCH_THREADS].join() }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => console.log(JSON.stringify({ gflops: JSON.parse(line).size })));`;
  const side = await Side.start('Echo', process.execPath, ['-e', echo], 3);
  t.is(side.version, '3,3,3');
  t.is((await side.ask({ job: 'gemm', size: 7, repeats: 1 })).gflops, 7);
  side.stop();
});
