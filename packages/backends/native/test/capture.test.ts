// Captured steps against the same steps run eagerly: equal bit for bit.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { captureStep, setThreads } from '../src/index.ts';
import { randomTensor, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const kernel = (name: string, inputs: object, attrs: object) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor[];

const batch = 6;
const classes = 5;

interface Model {
  state: tf.Variable[];
  step(inputs: tf.Tensor[]): tf.Tensor[];
}

/** A small convolutional net with stock ops, masks and momentum; two models from one seed are equal. */
function makeModel(): Model {
  const shapes = [[3, 3, 2, 16], [16], [3, 3, 16, 16], [16], [4 * 4 * 16, 20], [20, classes]];
  const params = shapes.map((shape, i) => tf.variable(tf.mul(randomTensor(shape, i + 1), 0.3)));
  const velocities = shapes.map((shape) => tf.variable(tf.zeros(shape)));
  const running = tf.variable(tf.zeros([16]));
  const mask = tf.cast(tf.greater(randomTensor(shapes[2]!, 30), 0), 'float32');
  const step = ([x, labels, rate]: tf.Tensor[]): tf.Tensor[] => {
    const forward = () => {
      const [w1, b1, w2, b2, w3, w4] = params as tf.Tensor[];
      let h: tf.Tensor = tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, w1 as tf.Tensor4D, 1, 'same'), b1!));
      h = tf.maxPool(h as tf.Tensor4D, 2, 2, 'valid');
      const before = h;
      h = tf.add(tf.conv2d(h as tf.Tensor4D, w2 as tf.Tensor4D, 1, 'same'), b2!);
      h = tf.relu(tf.add(h, before));
      const mean = tf.mean(h, [0, 1, 2]);
      running.assign(tf.add(tf.mul(running, 0.9), tf.mul(mean, 0.1)) as tf.Variable);
      h = tf.relu(tf.matMul(tf.reshape(h, [batch, 4 * 4 * 16]), w3 as tf.Tensor2D));
      const logits = tf.matMul(h as tf.Tensor2D, w4 as tf.Tensor2D);
      return crossEntropy(logits, labels!);
    };
    const { value, grads } = tf.variableGrads(forward as () => tf.Scalar, params);
    params.forEach((param, i) => {
      const inputs = {
        param,
        velocity: velocities[i]!,
        gradient: grads[param.name]!,
        learningRate: rate!,
        ...(i === 2 ? { mask } : {}),
      };
      const [p, v] = kernel('MomentumUpdate', inputs, { momentum: 0.9, nesterov: i % 2 === 0, weightDecay: 1e-3 });
      param.assign(p as tf.Variable);
      velocities[i]!.assign(v as tf.Variable);
    });
    return [value];
  };
  return { state: [...params, ...velocities, running], step };
}

const crossEntropy = (logits: tf.Tensor, labels: tf.Tensor): tf.Tensor =>
  tf.customGrad((x, save) => {
    const [loss, gradient] = kernel('SoftmaxCrossEntropy', { logits: x, labels }, {});
    (save as tf.GradSaveFunc)([gradient!]);
    return { value: loss!, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy) };
  })(logits);

const batchOf = (i: number) => ({
  x: randomValues(batch * 8 * 8 * 2, 100 + i),
  labels: Int32Array.from({ length: batch }, (_, j) => (i + j) % classes),
  rate: Float32Array.of(0.05 / (1 + i)),
});

function runEager(model: Model, i: number): number {
  const { x, labels, rate } = batchOf(i);
  return tf.tidy(() => {
    const inputs = [tf.tensor(x, [batch, 8, 8, 2]), tf.tensor1d(labels, 'int32'), tf.scalar(rate[0]!)];
    return model.step(inputs)[0]!.dataSync()[0]!;
  });
}

const examples = () => [tf.zeros([batch, 8, 8, 2]), tf.zeros([batch], 'int32'), tf.scalar(0)];
const valuesOf = (model: Model) => model.state.map((variable) => Array.from(variable.dataSync()));

test('a captured training step equals the eager one bit for bit, whatever the thread count', (t) => {
  const eager = makeModel();
  const captured = makeModel();
  const before = valuesOf(captured);
  const step = captureStep(captured.step, examples(), { state: captured.state });
  t.deepEqual(valuesOf(captured), before, 'capturing runs nothing');
  for (let i = 0; i < 12; i++) {
    const { x, labels, rate } = batchOf(i);
    setThreads(1 + (i % 3));
    const [loss] = step.run(x, labels, rate);
    setThreads(2);
    t.is(loss![0], runEager(eager, i), `loss of step ${i}`);
  }
  t.deepEqual(valuesOf(captured), valuesOf(eager));
  step.dispose();
});

test('state that is assigned, cloned or stepped eagerly between replays is followed', (t) => {
  const eager = makeModel();
  const captured = makeModel();
  const step = captureStep(captured.step, examples(), { state: captured.state });
  const replay = (i: number) => {
    const { x, labels, rate } = batchOf(i);
    return step.run(x, labels, rate)[0]![0]!;
  };
  t.is(replay(0), runEager(eager, 0));
  // A snapshot must not change when the step goes on.
  const snapshots = captured.state.map((variable) => variable.clone());
  const saved = snapshots.map((tensor) => Array.from(tensor.dataSync()));
  t.is(replay(1), runEager(eager, 1));
  t.deepEqual(
    snapshots.map((tensor) => Array.from(tensor.dataSync())),
    saved,
  );
  // Going back to the snapshot gives the same step again.
  const losses = [replay(2), replay(3)];
  captured.state.forEach((variable, i) => {
    variable.assign(snapshots[i] as tf.Variable);
  });
  runEager(captured, 1);
  t.deepEqual([replay(2), replay(3)], losses);
  step.dispose();
  // After disposal the variables are ordinary again.
  runEager(eager, 2);
  runEager(eager, 3);
  t.deepEqual(valuesOf(captured), valuesOf(eager));
  t.is(runEager(captured, 4), runEager(eager, 4));
});

test('two captured steps may share variables', (t) => {
  const weight = tf.variable(randomTensor([4, 3], 1));
  const train = captureStep(
    ([x]) => {
      weight.assign(tf.add(weight, x!) as tf.Variable);
      return [];
    },
    [tf.zeros([4, 3])],
    { state: [weight] },
  );
  const evaluate = captureStep(
    ([x]) => [tf.matMul(x as tf.Tensor2D, weight as unknown as tf.Tensor2D)],
    [tf.zeros([2, 4])],
    {
      state: [weight],
    },
  );
  const x = randomValues(8, 5);
  for (let i = 0; i < 3; i++) {
    train.run(randomValues(12, i));
    const expected = tf.tidy(() =>
      tf.matMul(tf.tensor2d(x, [2, 4]), tf.tensor2d(weight.dataSync() as Float32Array, [4, 3])).dataSync(),
    );
    t.deepEqual(evaluate.run(x)[0], expected as Float32Array);
  }
  train.dispose();
  t.deepEqual(evaluate.run(x)[0]!.length, 6);
  evaluate.dispose();
});

test('tensors that are written piece by piece (padding, concatenation) replay too', (t) => {
  const body = ([a, b]: tf.Tensor[]) => {
    const joined = tf.concat(
      [
        tf.square(a!),
        tf.pad(b!, [
          [1, 0],
          [0, 0],
        ]),
        a!,
      ],
      0,
    );
    return [tf.sum(joined, 1), tf.relu(joined)];
  };
  const step = captureStep(body, [tf.zeros([2, 3]), tf.zeros([1, 3])]);
  for (let i = 0; i < 3; i++) {
    const [a, b] = [randomValues(6, i), randomValues(3, i + 9)];
    const expected = tf.tidy(() =>
      body([tf.tensor2d(a, [2, 3]), tf.tensor2d(b, [1, 3])]).map((tensor) => tensor.dataSync()),
    );
    t.deepEqual(step.run(a, b), expected as Float32Array[]);
  }
  step.dispose();
});

test('ten thousand replays take no memory', (t) => {
  const weight = tf.variable(randomTensor([64, 64], 1));
  const body = ([x, rate]: tf.Tensor[]) => {
    const y = tf.relu(tf.matMul(x as tf.Tensor2D, weight as unknown as tf.Tensor2D));
    weight.assign(
      tf.sub(weight, tf.mul(tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, true, false), rate!)) as tf.Variable,
    );
    return [tf.mean(y)];
  };
  const step = captureStep(body, [tf.zeros([8, 64]), tf.scalar(0)], { state: [weight] });
  const [x, rate] = [randomValues(8 * 64, 2), Float32Array.of(1e-4)];
  for (let i = 0; i < 2000; i++) step.run(x, rate);
  const [resident, { numTensors }] = [process.memoryUsage().rss, tf.memory()];
  for (let i = 0; i < 10000; i++) step.run(x, rate);
  t.is(tf.memory().numTensors, numTensors);
  // One activation a step would be 20 MB.
  t.true(process.memoryUsage().rss - resident < 12e6);
  step.dispose();
});

test('capturing gives its memory back and leaks no tensors', (t) => {
  const model = makeModel();
  const once = () => captureStep(model.step, examples(), { state: model.state }).dispose();
  tf.tidy(once);
  const before = tf.memory();
  for (let i = 0; i < 5; i++) tf.tidy(once);
  t.is(tf.memory().numTensors, before.numTensors);
  t.is(tf.memory().numDataBuffers, before.numDataBuffers);
});

test('what cannot be captured says so', (t) => {
  const x = tf.zeros([3]);
  const reads = t.throws(() => captureStep(([a]) => [tf.scalar(a!.dataSync()[0]!)], [x]));
  t.regex(reads.message, /reads the values/);
  const falls = t.throws(() => captureStep(([a]) => [tf.topk(a!, 1).values], [x]));
  t.regex(falls.message, /TopK/);
  const writes = t.throws(() => captureStep(([a]) => [tf.mul(a!, tf.tensor1d([1, 2, 3]))], [x]));
  t.regex(writes.message, /in JavaScript/);
  t.deepEqual(Array.from(tf.add(x, 1).dataSync()), [1, 1, 1], 'the backend works on after a failed capture');
});
