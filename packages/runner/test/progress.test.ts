import test from 'ava';
import { describeSnapshot, duration } from '../src/progress/format.ts';
import { Tracker } from '../src/progress/tracker.ts';
import type { StageTask } from '../src/worker/protocol.ts';

const task = (key: string): StageTask => ({
  type: 'stage',
  stage: {
    key,
    parent: null,
    dataset: 'mnist',
    network: 'conv-2',
    seed: 3,
    steps: [{ kind: 'train', options: {} }],
    ancestors: [],
    evaluate: false,
  },
});

test('the time left follows from the work that is done', (t) => {
  let now = 100;
  const tracker = new Tracker(
    { total: 4, finished: 1, secondsAfter: 0 },
    new Map([
      ['a', 3],
      ['b', 1],
    ]),
    () => {},
    () => now,
  );
  t.is(tracker.snapshot(1).secondsLeft, undefined);
  tracker.taskStarted(0, task('a'));
  tracker.taskProgress(0, { fraction: 0.5, loss: 0.25, examplesPerSecond: 5000 });
  now = 115;
  // 1.5 of 4 units in 15 seconds.
  t.is(tracker.snapshot(1).secondsLeft, 25);
  t.is(
    describeSnapshot(tracker.snapshot(2)),
    '1/4 trials, about 25 s left; train (step 1) of conv-2 on mnist, seed 3: 50 %, loss 0.250, 5000 images/s',
  );
  tracker.taskEnded(0, task('a'), { status: 'done', seconds: 30 });
  now = 130;
  t.is(tracker.snapshot(1).secondsLeft, 10);
  t.deepEqual(tracker.snapshot(1).activities, [undefined]);
});

test('the time left includes what comes after the last trial', (t) => {
  let now = 0;
  const tracker = new Tracker(
    { total: 2, finished: 0, secondsAfter: 7 },
    new Map([
      ['a', 1],
      ['b', 1],
    ]),
    () => {},
    () => now,
  );
  tracker.taskStarted(0, task('a'));
  tracker.taskEnded(0, task('a'), { status: 'done', seconds: 10 });
  now = 10;
  // As long again for the other half, and what is timed then.
  t.is(tracker.snapshot(1).secondsLeft, 17);
});

test('durations are said in the two largest units', (t) => {
  t.deepEqual([0.4, 59, 61, 3599.6, 7325].map(duration), ['0 s', '59 s', '1 min 01 s', '1 h 00 min', '2 h 02 min']);
});
