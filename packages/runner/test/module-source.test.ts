import test from 'ava';
import { readSource } from '../src/code/module-source.ts';

const digest = (text: string) => readSource(text).digest;

test('comments, blank lines and indentation do not change the digest', (t) => {
  const code = 'const a = f(1, /x\\/*y/);\nreturn a;\n';
  const commented = `/** A docstring. */\n\n  const a = f(1, /x\\/*y/); // why\n// return b;\nreturn /* here */ a;\n`;
  t.is(digest(commented), digest(code));
});

for (const [what, changed] of Object.entries({
  'a number': 'const a = 2; `t // a`;',
  'an operator': 'const a = -1; `t // a`;',
  'what looks like a comment inside a template': 'const a = 1; `t /* a`;',
  'white space inside a template': 'const a = 1; `t  // a`;',
  'a line break, after which a statement may end': 'const a =\n1; `t // a`;',
  'a statement': '`t // a`;',
}))
  test(`${what} changes the digest`, (t) => t.not(digest(changed), digest('const a = 1; `t // a`;')));

test('imports are found with their names, in every form, and those of types are left out', (t) => {
  const text = `
    import 'side-effect';
    import standard, { type A, b as c, d } from './one.ts';
    import * as all from "./two.js";
    import type { E } from './types.ts';
    import { type F } from './types.ts';
    import type G from './types.ts';
    import data from './data.json' with { type: 'json' };
    export { h, i as j } from './three.ts';
    export type { K } from './types.ts';
    const l = await import('./later.ts');
    const m = require('./common.cjs');
    const n = new URL('./asset.bin', import.meta.url);
    // import './comment.ts'
    const o = "import './string.ts'"; object.import('./method.ts');
    export const p = { import: 1, from: './property.ts' };`;
  const { imports, reexports, barrel } = readSource(text);
  t.deepEqual(imports, [
    { specifier: 'side-effect', names: null, later: false },
    { specifier: './one.ts', names: ['default', 'b', 'd'], later: false },
    { specifier: './two.js', names: null, later: false },
    { specifier: './data.json', names: ['default'], later: false },
    { specifier: './later.ts', names: null, later: true },
    { specifier: './common.cjs', names: null, later: false },
    { specifier: './asset.bin', names: null, later: true },
  ]);
  t.deepEqual(reexports, [
    {
      specifier: './three.ts',
      names: new Map([
        ['h', 'h'],
        ['j', 'i'],
      ]),
    },
  ]);
  t.false(barrel);
});

test('a module that only re-exports is a barrel', (t) => {
  const text = `
    /** What there is. */
    export { a, type B } from './a.ts';
    export * from './c.ts'
    export type { D } from './d.ts';`;
  const { barrel, imports, reexports } = readSource(text);
  t.true(barrel);
  t.deepEqual(imports, []);
  t.deepEqual(reexports, [
    { specifier: './a.ts', names: new Map([['a', 'a']]) },
    { specifier: './c.ts', names: null },
  ]);
  t.false(readSource(`${text}\nconsole.log(1);`).barrel);
  t.false(readSource('').barrel);
});
