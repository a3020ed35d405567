import { PrunebenchError, randomStream, type Split } from '@prunebench/core';
import test from 'ava';
import { batches } from '../src/batches.ts';
import { imageSplit } from '../src/byte-split.ts';

/** Example i is [i, 10 i] with label i mod 3. */
const pairs: Split = {
  size: 7,
  labels: Int32Array.from({ length: 7 }, (_, i) => i % 3),
  fill(indices, out) {
    for (let i = 0; i < indices.length; i++) out.set([indices[i], 10 * indices[i]], 2 * i);
  },
};
const inputShape = [2];

test('every example comes once and the last batch holds what is left', (t) => {
  const all = [...batches(pairs, { batchSize: 3, inputShape })];
  t.deepEqual(
    all.map(({ size, x, y }) => [size, [...x], [...y]]),
    [
      [3, [0, 0, 1, 10, 2, 20], [0, 1, 2]],
      [3, [3, 30, 4, 40, 5, 50], [0, 1, 2]],
      [1, [6, 60], [0]],
    ],
  );
});

test('dropLast leaves out a ragged batch and no other', (t) => {
  const sizes = (batchSize: number) =>
    [...batches(pairs, { batchSize, inputShape, dropLast: true })].map(({ size }) => size);
  t.deepEqual(sizes(3), [3, 3]);
  t.deepEqual(sizes(7), [7]);
  t.deepEqual(sizes(8), []);
});

test('a batch that is larger than the data takes no more memory than the data', (t) => {
  for (const reuseBuffers of [false, true]) {
    const [batch, ...others] = batches(pairs, { batchSize: 1e8, inputShape, reuseBuffers });
    t.deepEqual([...batch.x], [0, 0, 1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60]);
    t.is(batch.x.buffer.byteLength + batch.y.buffer.byteLength, 4 * (7 * 2 + 7));
    t.is(batch.size, 7);
    t.deepEqual(others, []);
  }
  t.deepEqual(
    [...batches(pairs, { batchSize: Number.MAX_SAFE_INTEGER, inputShape, order: Uint32Array.of(2) })],
    [{ x: Float32Array.of(2, 20), y: Int32Array.of(2), size: 1 }],
  );
});

test('an order chooses and arranges', (t) => {
  const all = [...batches(pairs, { batchSize: 2, inputShape, order: Uint32Array.of(6, 0, 4) })];
  t.deepEqual(
    all.map(({ y, x }) => [[...y], x[0]]),
    [
      [[0, 0], 6],
      [[1], 4],
    ],
  );
});

test('batches have their own arrays unless they may be reused', (t) => {
  const own = [...batches(pairs, { batchSize: 3, inputShape })];
  t.not(own[0].x.buffer, own[1].x.buffer);
  const reused = [];
  for (const { x, y, size } of batches(pairs, { batchSize: 3, inputShape, reuseBuffers: true }))
    reused.push({ buffer: x.buffer, copy: { x: x.slice(), y: y.slice(), size } });
  t.is(reused[0].buffer, reused[2].buffer);
  t.deepEqual(
    reused.map(({ copy }) => copy),
    own.map(({ x, y, size }) => ({ x: x.slice(), y: y.slice(), size })),
  );
});

test('a batch size that is no positive whole number is refused', (t) => {
  for (const batchSize of [0, -1, 1.5, Number.NaN])
    t.throws(() => [...batches(pairs, { batchSize, inputShape })], {
      instanceOf: PrunebenchError,
      message: /batch size/,
    });
});

/** One image of 6 x 6 pixels, pixel p has the value p + 1 and no normalisation: black is 0 and a window tells its place. */
const ramp = imageSplit(
  {
    bytes: Uint8Array.from({ length: 36 }, (_, i) => i + 1),
    labels: Int32Array.of(0),
    shape: [6, 6, 1],
    table: Float32Array.from({ length: 256 }, (_, i) => i),
  },
  Uint32Array.of(0),
);
const augmented = (seed: number, count: number, batchSize = 50) =>
  [
    ...batches(ramp, {
      batchSize,
      inputShape: [6, 6, 1],
      order: new Uint32Array(count),
      augmentation: 'crop-flip',
      random: randomStream(seed),
    }),
  ].flatMap(({ x, size }) => Array.from({ length: size }, (_, i) => x.slice(36 * i, 36 * (i + 1))));

test('crops shift by up to 4 pixels each way, evenly, and half of them are mirrored', (t) => {
  const count = 8100;
  const places = new Map<string, number>();
  let mirroredCount = 0;
  for (const window of augmented(1, count)) {
    // Every window of a 6 x 6 image shifted by at most 4 shows one of its pixels: that one tells shift and direction.
    const shown = window.findIndex((value) => value > 0);
    const [row, column] = [Math.floor(shown / 6), shown % 6];
    const value = window[shown] - 1;
    const [fromRow, fromColumn] = [Math.floor(value / 6), value % 6];
    // At least two columns are seen, so the pixel after the first is seen too.
    const mirrored = window[shown + 1] < window[shown];
    const shiftX = mirrored ? fromColumn - (5 - column) : fromColumn - column;
    mirroredCount += Number(mirrored);
    const place = `${fromRow - row},${shiftX}`;
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  t.is(places.size, 81);
  // 100 expected in each of 81 places; five standard deviations
  for (const [place, times] of places) t.true(Math.abs(times - 100) < 50, `${place}: ${times}`);
  t.true(Math.abs(mirroredCount - count / 2) < 5 * Math.sqrt(count / 4), `${mirroredCount}`);
});

test('augmentation depends on the stream alone, not on how examples are cut into batches', (t) => {
  t.deepEqual(augmented(5, 20, 20), augmented(5, 20, 3));
  t.notDeepEqual(augmented(5, 20), augmented(6, 20));
});

test('crop-flip needs images and a stream', (t) => {
  const options = { batchSize: 2, augmentation: 'crop-flip' as const };
  t.throws(() => [...batches(pairs, { ...options, inputShape, random: randomStream(0) })], {
    instanceOf: PrunebenchError,
    message: /crop-flip needs images/,
  });
  t.throws(() => [...batches(ramp, { ...options, inputShape: [6, 6, 1] })], { message: /needs a random stream/ });
});
