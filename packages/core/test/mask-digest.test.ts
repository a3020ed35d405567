import { createHash } from 'node:crypto';
import test from 'ava';
import { maskDigest } from '../src/index.ts';

test('a digest says which values are left, whatever the order of the masks', (t) => {
  const a = Uint8Array.of(1, 0, 1);
  const b = Uint8Array.of(0, 1);
  const bytes = Buffer.concat([Buffer.from('a\x003\0'), a, Buffer.from('b\x002\0'), b]);
  const expected = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  t.is(maskDigest({ a, b }), expected);
  t.is(maskDigest({ b, a }), expected);
  t.is(maskDigest({ a, b, c: Uint8Array.of(1, 1) }), expected, 'a mask that removes nothing');
  t.not(maskDigest({ a: Uint8Array.of(1, 1, 0), b }), expected, 'as many, but others');
  t.is(maskDigest({}), maskDigest({ a: Uint8Array.of(1) }));
});
