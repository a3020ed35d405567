import test from 'ava';
import { DivergenceError, refuseDiverged, refuseNotFinite } from '../src/index.ts';

const vector = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });

for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39])
  test(`a parameter that is ${bad} in single precision is named with its place`, (t) => {
    const parameters = { 'a/kernel': vector(1, -0, 3e38), 'a/bias': vector(0, 1, bad) };
    t.throws(() => refuseDiverged(parameters, 'after training'), {
      instanceOf: DivergenceError,
      message: new RegExp(`a/bias is ${Math.fround(bad)} at flat index 2 after training`),
    });
  });

test('finite parameters pass, the largest and the smallest too', (t) => {
  t.notThrows(() => refuseDiverged({ a: vector(3.4e38, -3.4e38, 1e-45, 0) }, ''));
  t.notThrows(() => refuseDiverged({}, ''));
});

test('a number that is not finite is found wherever it is in plain data', (t) => {
  const refused = (data: unknown, message: RegExp) =>
    t.throws(() => refuseNotFinite(data, 'the record'), { instanceOf: DivergenceError, message });
  refused({ a: { b: [1, { c: Number.NaN }] } }, /a\.b\.1\.c of the record is NaN/);
  refused({ loss: Number.POSITIVE_INFINITY }, /loss of the record is Infinity/);
  refused(Number.NaN, /a number of the record is NaN/);
  t.notThrows(() => refuseNotFinite({ a: null, b: 'NaN', c: [0, -1e300], d: undefined }, 'the record'));
});
