import test from 'ava';
import { crowding, shareCores } from '../src/worker/share-cores.ts';

const share = (threads: string | undefined, ...args: Parameters<typeof shareCores>) => {
  if (threads === undefined) delete process.env.PRUNEBENCH_THREADS;
  else process.env.PRUNEBENCH_THREADS = threads;
  const { size, threads: each } = shareCores(...args);
  return [size, each];
};

test.serial('without a wish every core is used once', (t) => {
  t.deepEqual(share(undefined, undefined, 9, 8), [8, 1]);
  t.deepEqual(share(undefined, undefined, 3, 8), [3, 2]);
  t.deepEqual(share(undefined, 1, 9, 8), [1, 8]);
  t.deepEqual(share(undefined, 16, 99, 8), [16, 1]);
});

test.serial('the threads that are asked for are what a worker gets', (t) => {
  t.deepEqual(share('1', 1, 9, 8), [1, 1]);
  t.deepEqual(share('1', undefined, 9, 8), [8, 1]);
  t.deepEqual(share('4', undefined, 9, 8), [2, 4]);
  t.deepEqual(share('4', 3, 9, 8), [3, 4]);
  t.deepEqual(share('16', undefined, 9, 8), [1, 16]);
});

test('more workers than cores, or than the free memory has room for, are answered with a number that would do', (t) => {
  const GB = 2 ** 30;
  t.is(crowding(2, 2, 16 * GB), undefined);
  t.is(crowding(1, 2, 0), undefined, 'one there has to be');
  t.is(crowding(99, 2, 16 * GB), '99 workers share 2 cores, and are no faster together than 2: --workers 2 would do.');
  t.is(
    crowding(99, 64, 4 * GB),
    '99 workers share 64 cores, and are no faster together than 64: --workers 2 would do.',
  );
  t.is(crowding(8, 16, 6 * GB), '8 workers may take 12.0 GB, and 6.0 GB of memory are free: --workers 4 would do.');
});
