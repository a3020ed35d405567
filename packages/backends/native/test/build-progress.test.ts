import test from 'ava';
import { BuildProgress } from '../src/build-progress.ts';

const sizes = new Map([
  ['large.cc', 600],
  ['small.cc', 300],
  ['tiny.cc', 100],
]);

test('a build says how much it has to do, and how long it took when the last file is done', (t) => {
  const lines: string[] = [];
  let now = 50;
  using progress = new BuildProgress(
    sizes,
    { compiler: 'g++', jobs: 4 },
    (line) => lines.push(line),
    () => now,
  );
  t.regex(lines[0], /compiling the kernels .*3 files with g\+\+, 4 at a time; usually about 60 s/);
  progress.compiled('large.cc');
  progress.compiled('small.cc');
  t.is(lines.length, 1);
  now = 170;
  progress.compiled('tiny.cc');
  t.is(lines[1], 'compiled the kernels in 2 min');
});

test.serial('the time left follows from the bytes that are compiled, once they tell', (t) => {
  const setInterval = globalThis.setInterval;
  const reports: (() => void)[] = [];
  // The clock of the test has no quarter of a minute.
  globalThis.setInterval = Object.assign((report: () => void) => {
    reports.push(report);
    return setInterval(() => {}, 1e6);
  }, setInterval);
  const lines: string[] = [];
  let now = 0;
  try {
    using progress = new BuildProgress(
      sizes,
      { compiler: 'g++', jobs: 2 },
      (line) => lines.push(line),
      () => now,
    );
    now = 15;
    progress.compiled('tiny.cc');
    reports[0]!();
    t.is(lines.at(-1), 'compiled 1 of 3 files of the kernels after 15 s', 'a tenth is too little');
    now = 28;
    progress.compiled('large.cc');
    reports[0]!();
    // 700 of 1000 bytes in 28 seconds: 300 take 12.
    t.is(lines.at(-1), 'compiled 2 of 3 files of the kernels after 28 s, about 12 s left');
  } finally {
    globalThis.setInterval = setInterval;
  }
});
