import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { fileLink } from '../src/terminal/link.ts';

const path = '/tmp/my results/50 %/accuracy#1.svg';
const terminal = { isTTY: true };

test('a terminal that knows links shows the path, which leads to the file', (t) => {
  for (const environment of [
    { TERM_PROGRAM: 'iTerm.app' },
    { TERM: 'xterm-kitty' },
    { VTE_VERSION: '7200' },
    { WT_SESSION: '' },
    { FORCE_HYPERLINK: '1' },
  ]) {
    const link = fileLink(path, terminal, environment);
    t.is(stripVTControlCharacters(link), path, JSON.stringify(environment));
    const [, address] = link.split('\x1b\\')[0].split(';;');
    t.is(fileURLToPath(address), path);
  }
});

test('elsewhere the address is shown, without a control character', (t) => {
  const known = { TERM_PROGRAM: 'iTerm.app' };
  for (const link of [
    fileLink(path, { isTTY: false }, known),
    fileLink(path, {}, known),
    fileLink(path, terminal, {}),
    fileLink(path, terminal, { ...known, TERM: 'screen-256color' }),
    fileLink(path, terminal, { ...known, FORCE_HYPERLINK: '0' }),
    fileLink(path, terminal, { VTE_VERSION: '4600' }),
  ]) {
    t.is(fileURLToPath(link), path);
    t.regex(link, /^[\x21-\x7e]+$/);
  }
});

test('a name with control characters cannot move the cursor', (t) => {
  const link = fileLink('/tmp/a\x1b[2Jb.svg', terminal, { FORCE_HYPERLINK: '1' });
  t.false(link.includes('\x1b[2J'));
});
