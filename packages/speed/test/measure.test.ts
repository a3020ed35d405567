import test from 'ava';
import { measureWorkload } from '../src/measure.ts';
import type { Side } from '../src/side.ts';
import { workloads } from '../src/workloads.ts';

/** A side whose steps take the given seconds, slice after slice. */
function sideTaking(seconds: (request: { layout: string; slice: number }) => number): Side {
  const slices = new Map<string, number>();
  const ask = async ({ layout, steps }: { layout: string; steps: number }) => {
    const slice = slices.get(layout) ?? 0;
    slices.set(layout, slice + 1);
    return { seconds: [9, ...Array(steps - 1).fill(seconds({ layout, slice }))], residentMiB: 1 };
  };
  return { name: 'fake', version: '0', ask, stop() {} } as unknown as Side;
}

const [lenet] = workloads;

test('the ratio is the median over rounds of the faster layout, and neither the warm-up slice nor the first step of any counts', async (t) => {
  // Slice 0 warms up; then ours takes 2 ms, the peer 6 ms in its good layout, once 20 ms.
  const ours = sideTaking(({ slice }) => (slice === 0 ? 9 : 0.002));
  const peer = sideTaking(({ layout, slice }) => (layout === 'nchw' ? 0.03 : slice === 2 ? 0.02 : 0.006));
  const row = await measureWorkload(lenet, 'train', { ours, peer, threads: 1, rounds: 5, ceiling: 100 });
  t.is(row.peerLayout, 'channels_last');
  t.true(Math.abs(row.ratio! - 3) < 1e-9);
  t.true(Math.abs(row.ratioMax! - 10) < 1e-9);
  t.is(row.ourMilliseconds, 2);
});

test('operations are counted by hand: 2 x 266,200 multiply-adds x 128 images, three times for a training step less the gradient of the images', async (t) => {
  const ours = sideTaking(() => 0.001);
  const row = await measureWorkload(lenet, 'train', { ours, peer: null, threads: 2, rounds: 3, ceiling: 1000 });
  const gflops = (2 * (3 * 266_200 - 784 * 300) * 128) / 0.001 / 1e9;
  t.true(Math.abs(row.gflops - gflops) < 1e-6);
  t.true(Math.abs(row.shareOfCeiling! - gflops / 1000) < 1e-9);
  t.is(row.ratio, null);
});
