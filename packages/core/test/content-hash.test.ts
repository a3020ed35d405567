import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { canonicalJson, contentHash } from '../src/index.ts';

test('keys are sorted at every depth, undefined properties are absent, lists keep their order', (t) => {
  t.is(canonicalJson({ b: [{ d: 1, c: undefined, a: null }], a: 'x' }), '{"a":"x","b":[{"a":null,"d":1}]}');
  t.is(canonicalJson([2, 1]), '[2,1]');
  t.is(canonicalJson({ '10': 1, '9': 2, a: 3 }), '{"10":1,"9":2,"a":3}');
});

test('the text reads back as the same value, and the order of insertion does not matter', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      t.is(canonicalJson(JSON.parse(text)), text);
      t.is(canonicalJson(reversed(value)), text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, reversed(entry)]),
  );
}

test('numbers are exact', (t) => {
  t.is(
    canonicalJson([0.1 + 0.2, 1e21, 5e-324, -0, 123456789012345680000]),
    '[0.30000000000000004,1e+21,5e-324,0,123456789012345680000]',
  );
});

test('what JSON cannot hold is refused, not rewritten', (t) => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    () => 1,
    Symbol('s'),
    new Map(),
    Float32Array.of(1),
    [undefined],
    undefined,
    cycle,
  ])
    t.throws(() => canonicalJson({ value: [value] }), undefined, String(value));
  t.throws(() => canonicalJson(undefined), { instanceOf: TypeError });
});

test('the hash is the head of the SHA-256 of the text', (t) => {
  const text = '{"a":1,"b":[true,null]}';
  t.is(contentHash({ b: [true, null], a: 1 }), createHash('sha256').update(text).digest('hex').slice(0, 32));
  t.is(contentHash({ a: 1 }), '015abd7f5cc57a2dd94b7590f04ad808');
  t.not(contentHash({ a: 1 }), contentHash({ a: '1' }));
});
