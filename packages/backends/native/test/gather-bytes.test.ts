import test from 'ava';
import { gatherBytes, registerNativeBackend } from '../src/index.ts';

test.before(() => registerNativeBackend({ threads: 2 }));

for (const channels of [1, 3])
  test(`every byte by the table of its channel, of ${channels}`, (t) => {
    const size = 15 * channels;
    const bytes = Uint8Array.from({ length: 40 * size }, (_, i) => (i * 37 + (i >> 3)) % 256);
    const table = Float32Array.from({ length: 256 * channels }, (_, i) => Math.sin(i));
    const rows = Uint32Array.of(39, 0, 7, 7, 21);
    const out = new Float32Array(rows.length * size);
    gatherBytes({ bytes, size, table }, rows, out);
    const plain = [...rows].flatMap((row) =>
      Array.from({ length: size }, (_, k) => table[256 * (k % channels) + bytes[row * size + k]]),
    );
    t.deepEqual([...out], plain);
  });

test('many rows, which threads share', (t) => {
  const size = 784;
  const bytes = Uint8Array.from({ length: 600 * size }, (_, i) => (i * 31 + (i >> 7)) % 256);
  const table = Float32Array.from({ length: 256 }, (_, i) => i / 3);
  const rows = Uint32Array.from({ length: 600 }, (_, i) => (i * 7) % 600);
  const out = new Float32Array(rows.length * size);
  gatherBytes({ bytes, size, table }, rows, out);
  t.true(out.every((value, i) => value === table[bytes[rows[Math.floor(i / size)] * size + (i % size)]]));
});

test('rows that are not there, and outputs that do not fit, are refused', (t) => {
  const from = { bytes: new Uint8Array(10), size: 5, table: new Float32Array(256) };
  t.throws(() => gatherBytes(from, Uint32Array.of(2), new Float32Array(5)), { message: /no row 2 among 2/ });
  t.throws(() => gatherBytes(from, Uint32Array.of(1), new Float32Array(6)), { message: /do not fill 6 values/ });
});
