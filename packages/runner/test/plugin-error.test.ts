/** What a plugin's code throws is an error of that plugin, and a bug of the suite stays one. */
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { pluginError } from '../src/errors/plugin-error.ts';

const thrown = (...frames: string[]) =>
  Object.assign(new TypeError('x is not a function'), {
    stack: ['TypeError: x is not a function', ...frames.map((frame) => `    at ${frame}`)].join('\n'),
  });
const step = { kind: 'prune', options: { criterion: 'mine' } };
const SUITE = 'scored (file:///suite/packages/core/src/contracts/criterion.ts:188:18)';

test('criterion, plugin, file and line are named', (t) => {
  const own = thrown('Object.score (file:///home/me/my%20work/mine.ts:12:7)', SUITE);
  const error = pluginError(own, ['/home/me/my work/mine.ts'], step);
  t.is(
    error?.message,
    'Criterion mine of the plugin /home/me/my work/mine.ts threw "x is not a function" (mine.ts, line 12).',
  );
  t.regex(error?.remedy ?? '', /PRUNEBENCH_DEBUG=1/);
});

test('a module beside the plugin is named, also below a library that it called', (t) => {
  const own = thrown('f (/home/me/node_modules/lib/index.js:1:1)', 'score (file:///home/me/parts/score.ts:3:4)', SUITE);
  const error = pluginError(own, ['/home/me/mine.ts'], { kind: 'shake', options: {} });
  t.regex(
    error?.message ?? '',
    /^Step shake of the plugin \/home\/me\/mine\.ts .*score\.ts, line 3, \/home\/me\/parts/,
  );
});

test('what no plugin had a part in, and what says itself what to mend, is left as it is', (t) => {
  t.is(pluginError(thrown(SUITE), ['/home/me/mine.ts'], step), undefined);
  t.is(pluginError(thrown('score (file:///home/me/mine.ts:3:4)'), [], step), undefined);
  t.is(pluginError(new PrunebenchError('wrong input'), ['/home/me/mine.ts'], step), undefined);
});
