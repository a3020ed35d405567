import '@tensorflow/tfjs-backend-cpu';
import { randomStream } from '@prunebench/core';
import { noiseSource } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

const drawn = (seed: number, name: string, [update, batch]: readonly [number, number]) => {
  const counter = tf.tensor1d([update, batch], 'int32');
  return [...noiseSource(randomStream(seed))(counter).normal(name, [8]).dataSync()].join();
};

test('streams, names, updates and batches tell draws apart; the same ones give the same', (t) => {
  const draws = [
    drawn(1, 'a', [1, 0]),
    drawn(2, 'a', [1, 0]),
    drawn(1, 'b', [1, 0]),
    drawn(1, 'a', [2, 0]),
    drawn(1, 'a', [1, 1]),
  ];
  t.is(new Set(draws).size, draws.length);
  t.is(drawn(1, 'a', [1, 0]), draws[0]);
});

test('a name is a draw of its own, whatever was drawn before', (t) => {
  const noise = noiseSource(randomStream(1))(tf.tensor1d([0, 0], 'int32'));
  const alone = [...noise.uniform('b', [5]).dataSync()];
  noise.uniform('a', [7]);
  noise.bernoulli('c', tf.fill([9], 0.5));
  t.deepEqual([...noise.uniform('b', [5]).dataSync()], alone);
});
