import test from 'ava';
import { shareCores } from '../src/worker/share-cores.ts';

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
