// Random numbers by counter and the top-k mask: native kernels against the composed ones, and inside a compiled training step.
import {
  bernoulliNoise,
  momentumUpdate,
  type NoiseKey,
  normalNoise,
  stepCompiler,
  topKMask,
  uniformNoise,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { selectBackend } from '../src/index.ts';

const key: NoiseKey = { low: 0xdeadbeef, high: 0x12345678 };
const counterOf = (update: number, batch: number) => tf.tensor1d([update, batch], 'int32');
const wave = (size: number, scale: number) =>
  Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1.7 * i + 0.3));

async function on(backend: 'native' | 'cpu', compute: () => tf.Tensor): Promise<number[]> {
  await selectBackend(backend);
  return tf.tidy(() => Array.from(compute().dataSync()));
}

for (const size of [0, 1, 6, 131, 70_001])
  test.serial(
    `${size} numbers: uniform, Bernoulli and top-k have the bits of plain JavaScript; normal agrees to rounding`,
    async (t) => {
      const probability = () => tf.tensor1d(wave(size, 1));
      for (const compute of [
        () => uniformNoise([size], key, counterOf(2, 9)),
        () => bernoulliNoise(probability(), key, counterOf(2, 9)),
        () => topKMask(tf.round(tf.mul(probability(), 50)), size >> 2),
      ]) {
        const native = await on('native', compute);
        const plain = await on('cpu', compute);
        t.is(native.length, size);
        t.true(native.every((x, i) => x === plain[i]));
      }
      const normal = () => normalNoise([size], key, counterOf(2, 9));
      const plain = await on('cpu', normal);
      t.true((await on('native', normal)).every((x, i) => Math.abs(x - plain[i]) < 2e-6));
    },
  );

/** f of the scores on the way forward, the identity on the way back (Bengio, Leonard & Courville 2013). */
const straightThrough = (scores: tf.Tensor, f: (scores: tf.Tensor) => tf.Tensor): tf.Tensor =>
  tf.customGrad((...args) => ({ value: f(args[0] as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.clone(dy) }))(scores);

/** Learns scores whose weights are masked by the k largest and by coins: both gradients are straight-through. */
function makeModel() {
  const weights = tf.tensor2d(wave(20 * 7, 1), [20, 7]);
  const state: tf.Variable[] = [0.1, 0.2].map((scale) =>
    tf.variable<tf.Rank>(tf.tensor2d(wave(20 * 7, scale), [20, 7])),
  );
  const velocities: tf.Variable[] = state.map((scores) => tf.variable<tf.Rank>(tf.zerosLike(scores)));
  const step = ([x, k, counter]: tf.Tensor[]): tf.Tensor[] => {
    const loss = () => {
      const kept = straightThrough(state[0] as tf.Tensor, (scores) => topKMask(scores, k as tf.Scalar));
      const drawn = straightThrough(state[1] as tf.Tensor, (p) =>
        bernoulliNoise(tf.sigmoid(p), key, counter as tf.Tensor1D),
      );
      const masked = tf.mul(weights, tf.mul(kept, drawn)) as tf.Tensor2D;
      return tf.mean(
        tf.square(tf.add(tf.matMul(x as tf.Tensor2D, masked), normalNoise([5, 7], key, counter as tf.Tensor1D))),
      ) as tf.Scalar;
    };
    const { value, grads } = tf.variableGrads(loss, state);
    for (const [i, param] of state.entries()) {
      const [next, velocity] = momentumUpdate({
        param,
        velocity: velocities[i],
        gradient: grads[param.name],
        learningRate: tf.scalar(0.3),
        momentum: 0.9,
        nesterov: false,
        weightDecay: 0,
      });
      param.assign(next as tf.Variable);
      velocities[i].assign(velocity as tf.Variable);
    }
    return [value];
  };
  return { state: [...state, ...velocities], step };
}

test.serial(
  'straight-through estimators in a compiled training step: the bits of the eager one, and both scores learn',
  async (t) => {
    await selectBackend('native');
    const [eager, compiled] = [makeModel(), makeModel()];
    const valuesOf = ({ state }: { state: tf.Variable[] }) => state.map((variable) => Array.from(variable.dataSync()));
    const before = valuesOf(eager);
    const examples = [tf.zeros([5, 20]), tf.scalar(0, 'int32'), tf.zeros([2], 'int32')];
    const step = stepCompiler()!(compiled.step, examples, compiled.state);
    if (!step) return t.fail('the step cannot be recorded');
    for (let i = 0; i < 6; i++) {
      const [x, k, counter] = [wave(100, 1 + i), 100 - 10 * i, [i >> 1, i & 1]];
      const [loss] = step.run(x, Int32Array.of(k), Int32Array.from(counter));
      const expected = tf.tidy(() => {
        const inputs = [tf.tensor2d(x, [5, 20]), tf.scalar(k, 'int32'), counterOf(counter[0], counter[1])];
        return eager.step(inputs)[0].dataSync()[0];
      });
      t.is(loss[0], expected, `loss of step ${i}`);
    }
    t.deepEqual(valuesOf(compiled), valuesOf(eager));
    for (const [i, values] of valuesOf(eager).entries()) t.notDeepEqual(values, before[i]);
    step.dispose();
  },
);
