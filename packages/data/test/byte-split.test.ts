import { randomStream } from '@prunebench/core';
import test from 'ava';
import { byteSplit, imageSplit, normalisationTable } from '../src/byte-split.ts';

const mean = [0.4914, 0.4822, 0.4465];
const deviation = [0.247, 0.2435, 0.2616];
const [height, width, channels] = [5, 4, 3];

function randomImages(count: number) {
  const random = randomStream(11);
  return {
    bytes: Uint8Array.from({ length: count * height * width * channels }, () => random.integer(256)),
    labels: Int32Array.from({ length: count }, () => random.integer(7)),
    shape: [height, width, channels],
    table: normalisationTable(mean, deviation),
  };
}

test('fill normalises each channel of the chosen rows', (t) => {
  const examples = randomImages(6);
  const split = byteSplit(examples, Uint32Array.of(5, 0, 3));
  const size = height * width * channels;
  const out = new Float32Array(2 * size);
  split.fill([2, 0], out);
  const expected = [3, 5].flatMap((row) =>
    [...examples.bytes.subarray(row * size, (row + 1) * size)].map((byte, i) =>
      Math.fround((byte / 255 - mean[i % 3]) / deviation[i % 3]),
    ),
  );
  t.deepEqual([...out], expected);
  t.deepEqual(
    [...split.labels],
    [5, 0, 3].map((row) => examples.labels[row]),
  );
});

test('one channel has one table for all pixels', (t) => {
  const table = normalisationTable([0.1307], [0.3081]);
  const split = byteSplit(
    { bytes: Uint8Array.of(0, 255, 51, 102), labels: Int32Array.of(1), shape: [2, 2, 1], table },
    Uint32Array.of(0),
  );
  const out = new Float32Array(4);
  split.fill([0], out);
  // black and white of normalised MNIST, as every MNIST tutorial prints them
  t.is(out[0].toFixed(4), '-0.4242');
  t.is(out[1].toFixed(4), '2.8215');
  t.is(out[2].toFixed(6), ((0.2 - 0.1307) / 0.3081).toFixed(6));
});

test('an index outside the split, or an array of another length, is refused', (t) => {
  const split = imageSplit(randomImages(2), Uint32Array.of(1));
  const out = new Float32Array(height * width * channels);
  t.throws(() => split.fill([1], out), { instanceOf: RangeError });
  t.throws(() => split.fill([-1], out), { instanceOf: RangeError });
  t.throws(() => split.fill([0], out.subarray(1)), { instanceOf: RangeError });
  const crops = { padding: 1, top: [0], left: [0], mirrored: [0] };
  t.throws(() => split.fillCropped([1], crops, out), { instanceOf: RangeError });
});

test('a window is what padding with black, cutting out, mirroring and normalising give one after the other', (t) => {
  const examples = randomImages(1);
  const split = imageSplit(examples, Uint32Array.of(0));
  const padding = 2;
  const padded = Array.from({ length: height + 2 * padding }, (_, y) =>
    Array.from({ length: width + 2 * padding }, (_, x) => {
      const inside = y >= padding && y < height + padding && x >= padding && x < width + padding;
      const start = ((y - padding) * width + x - padding) * channels;
      return inside ? [...examples.bytes.subarray(start, start + channels)] : [0, 0, 0];
    }),
  );
  for (let top = 0; top <= 2 * padding; top++)
    for (let left = 0; left <= 2 * padding; left++)
      for (const mirrored of [0, 1]) {
        const window = padded.slice(top, top + height).map((row) => row.slice(left, left + width));
        const turned = mirrored ? window.map((row) => row.toReversed()) : window;
        const expected = turned.flat(2).map((byte, i) => Math.fround((byte / 255 - mean[i % 3]) / deviation[i % 3]));
        const out = new Float32Array(height * width * channels);
        split.fillCropped([0], { padding, top: [top], left: [left], mirrored: [mirrored] }, out);
        t.deepEqual([...out], expected, `${top} ${left} ${mirrored}`);
      }
});
