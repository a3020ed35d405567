import test from 'ava';
import { shareOfMemory } from '../src/worker/share-memory.ts';

const GIB = 2 ** 30;

test('workers keep a sixteenth of the memory between them, of the container where that has less', (t) => {
  t.is(shareOfMemory(2, 8 * GIB, 0), GIB / 4);
  t.is(shareOfMemory(8, 8 * GIB, 0), GIB / 16);
  t.is(shareOfMemory(2, 64 * GIB, 4 * GIB), GIB / 8);
  t.is(shareOfMemory(2, 8 * GIB, 2 ** 63), GIB / 4, 'no limit, as some kernels write it');
});

test('no worker keeps more than helps', (t) => {
  t.is(shareOfMemory(1, 1024 * GIB, 0), GIB / 2);
});
