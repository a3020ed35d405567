/** Where time goes, on a clock that the test turns. */
import test from 'ava';
import { SpentTime } from '../src/spent-time.ts';

type Part = 'a' | 'b' | 'rest';

function clock() {
  let now = 100;
  const time = new SpentTime<Part>('rest', () => now);
  const pass = (seconds: number) => {
    now += seconds;
  };
  return { time, pass };
}

test('a part within another takes its time from that one, and all parts together are the whole', (t) => {
  const { time, pass } = clock();
  time.start();
  pass(1);
  const value = time.during('a', () => {
    pass(2);
    time.during('b', () => pass(4));
    pass(8);
    return 'value';
  });
  pass(16);
  t.is(value, 'value');
  const spent = time.stop();
  t.deepEqual([...spent.entries()].sort(), [
    ['a', { seconds: 10, count: 1 }],
    ['b', { seconds: 4, count: 1 }],
    ['rest', { seconds: 17, count: 0 }],
  ]);
});

test('what is awaited is a part of it, and so is what throws', async (t) => {
  const { time, pass } = clock();
  time.start();
  const value = await time.during('a', async () => {
    pass(1);
    await Promise.resolve();
    pass(2);
    return 7;
  });
  t.is(value, 7);
  await t.throwsAsync(
    time.during('b', async () => {
      pass(4);
      await Promise.resolve();
      throw new Error('later');
    }),
    { message: 'later' },
  );
  t.throws(
    () =>
      time.during('b', () => {
        pass(8);
        throw new Error('at once');
      }),
    { message: 'at once' },
  );
  pass(16);
  const spent = time.stop();
  t.deepEqual(spent.get('a'), { seconds: 3, count: 1 });
  t.deepEqual(spent.get('b'), { seconds: 12, count: 2 });
  t.is(spent.get('rest')?.seconds, 16);
});

test('items are made in the part and used outside of it; a loop that ends early ends the part', (t) => {
  const { time, pass } = clock();
  let closed = false;
  function* items() {
    try {
      for (let i = 0; ; i++) {
        pass(1);
        yield i;
      }
    } finally {
      closed = true;
    }
  }
  time.start();
  const seen: number[] = [];
  for (const item of time.making('a', items)) {
    pass(10);
    seen.push(item);
    if (item === 2) break;
  }
  pass(100);
  t.deepEqual(seen, [0, 1, 2]);
  t.true(closed);
  const spent = time.stop();
  t.deepEqual(spent.get('a'), { seconds: 3, count: 3 });
  t.is(spent.get('rest')?.seconds, 130);
});

test('nothing is counted before the start and after the end, and a start forgets what was before', (t) => {
  const { time, pass } = clock();
  t.is(
    time.during('a', () => 1),
    1,
  );
  t.deepEqual([...time.making('a', () => [1, 2])], [1, 2]);
  t.is(time.stop().size, 0);
  time.start();
  time.during('a', () => pass(1));
  time.start();
  time.during('b', () => pass(2));
  const spent = time.stop();
  pass(4);
  t.deepEqual([...spent.keys()].sort(), ['b', 'rest']);
  t.is(spent.get('b')?.seconds, 2);
});
