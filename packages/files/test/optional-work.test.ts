import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { onNotice, optionally } from '../src/index.ts';

test.serial('work that the rest can do without fails with one notice', async (t) => {
  const notices: string[] = [];
  const silence = onNotice((line) => notices.push(line));
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', path: '/x' });
  const fail = async () => {
    throw new Error('wrapped', { cause: full });
  };
  t.is(await optionally('The cache is not kept', async () => 7), 7);
  for (const _ of ['first', 'second']) t.is(await optionally('The cache is not kept', fail), undefined);
  t.deepEqual(notices, ['The cache is not kept: The disk is full: /x (ENOSPC).']);
  await optionally('Nothing is drawn', async () => {
    throw new PrunebenchError('no ink');
  });
  t.is(notices[1], 'Nothing is drawn: no ink');
  silence();
});

test.serial('a bug keeps its stack', async (t) => {
  const notices: string[] = [];
  const silence = onNotice((line) => notices.push(line));
  await optionally('Nothing is drawn', async () => {
    throw new TypeError('a bug');
  });
  t.regex(notices[0], /^Nothing is drawn: TypeError: a bug\n\s+at /);
  silence();
});
