import test from 'ava';
import { firstNotFinite } from '../src/index.ts';

const parameters = (kernel: number[], bias: number[]) => ({
  'fc/kernel': { shape: [kernel.length], values: Float32Array.from(kernel) },
  'fc/bias': { shape: [bias.length], values: Float32Array.from(bias) },
});

test('finite parameters have none, whatever their size', (t) => {
  t.is(firstNotFinite(parameters([0, -0, 3.4e38, 1e-45], [-3.4e38])), undefined);
  t.is(firstNotFinite({}), undefined);
});

test('the first value that is not finite is named with its place', (t) => {
  t.deepEqual(firstNotFinite(parameters([1, 2], [0, Number.NaN])), { name: 'fc/bias', index: 1, value: Number.NaN });
  t.deepEqual(firstNotFinite(parameters([1, Number.POSITIVE_INFINITY], [Number.NaN])), {
    name: 'fc/kernel',
    index: 1,
    value: Number.POSITIVE_INFINITY,
  });
  // 3.5e38 is beyond float32's largest number, so it is stored as infinity.
  t.is(firstNotFinite(parameters([-3.5e38], []))?.value, Number.NEGATIVE_INFINITY);
});
