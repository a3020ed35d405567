import { createHash } from 'node:crypto';
import test from 'ava';
import { brokenSeal, sealed } from '../src/index.ts';

const content = { b: [1, 2.5, { y: 'é', x: null }], a: -1e-7 };

test('the digest is the SHA-256 of the canonical JSON of everything else', (t) => {
  const canonical = '{"a":-1e-7,"b":[1,2.5,{"x":null,"y":"é"}]}';
  const digest = createHash('sha256').update(canonical).digest('hex').slice(0, 32);
  t.deepEqual(sealed(content), { ...content, digest });
});

test('what was sealed is believed after a round through a file, in whatever order its keys come', (t) => {
  const { digest, a, b } = JSON.parse(JSON.stringify(sealed(content)));
  t.is(brokenSeal({ digest, b, a }), undefined);
  t.is(brokenSeal(sealed(sealed(content))), undefined, 'sealing anew leaves an old digest out');
});

test('what JSON writes otherwise is sealed as it will be read', (t) => {
  const odd = { loss: Number.NaN, ratio: Number.POSITIVE_INFINITY, absent: undefined, list: [undefined, -0] };
  t.is(brokenSeal(JSON.parse(JSON.stringify(sealed(odd)))), undefined);
});

test('any change is noticed: a number, a key, the digest itself', (t) => {
  const whole = sealed(content);
  for (const changed of [
    { ...whole, a: -1e-8 },
    { ...whole, b: [1, 2.5, { y: 'e', x: null }] },
    { ...whole, added: 1 },
    { b: whole.b, digest: whole.digest },
    { ...whole, digest: whole.digest.replace(/^./, (first) => (first === '0' ? '1' : '0')) },
    { ...whole, digest: 5 },
    { ...whole, digest: null },
  ])
    t.regex(brokenSeal(changed) ?? '', /does not match its digest/);
});

test('a record that names its code was sealed, so a missing digest is a change too', (t) => {
  t.is(brokenSeal({ ...content, code: {} }), 'its digest is missing');
});

test('what never was sealed is no broken seal', (t) => {
  for (const value of [content, null, 3, 'text', []]) t.is(brokenSeal(value), undefined);
});
