import { PrunebenchError } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { listBackends, selectBackend } from '../src/index.ts';

// tfjs has one current backend per process.
test.serial('cpu loads when it is asked for, computes, and has gradients', async (t) => {
  const warnings: unknown[] = [];
  const { warn } = console;
  console.warn = (...message) => warnings.push(message);
  const choice = await selectBackend('cpu');
  t.is(choice.name, 'cpu');
  t.is(choice.threads, 1);
  t.is(tf.getBackend(), 'cpu');
  const slope = tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, -3]));
  console.warn = warn;
  t.deepEqual([...slope.dataSync()], [2, -6]);
  t.deepEqual(warnings, [], 'no banner');
});

test.serial('auto takes the best one that runs, and its one line says why not the better ones', async (t) => {
  const choice = await selectBackend('auto', { threads: 1 });
  const all = await listBackends();
  await selectBackend(choice.name, { threads: 1 });
  t.is(tf.getBackend(), choice.name);
  t.false(choice.line.includes('\n'));
  t.true(choice.line.startsWith(`backend ${choice.name}, 1 thread`));
  const better = all.slice(
    0,
    all.findIndex(({ name }) => name === choice.name),
  );
  for (const { name, reason } of better) {
    t.truthy(reason);
    t.true(choice.line.includes(`not ${name}: ${reason}`));
  }
  t.is(all.find(({ name }) => name === choice.name)?.reason, undefined);
});

test.serial('wasm runs when it is asked for, but auto would not take it', async (t) => {
  t.is((await selectBackend('wasm')).name, 'wasm');
  t.deepEqual([...tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync())], [2, 3]);
  const wasm = (await listBackends()).find(({ name }) => name === 'wasm');
  t.true(wasm?.available);
  t.regex(wasm?.reason ?? '', /cannot train CNNs/);
});

test.serial('a named backend that does not run here is an error with the reason, never another backend', async (t) => {
  await selectBackend('cpu');
  const missing = (await listBackends()).filter(({ available }) => !available);
  await selectBackend('cpu');
  for (const { name, reason } of missing) {
    const error = await t.throwsAsync(selectBackend(name), { instanceOf: PrunebenchError });
    t.true(error.message.includes(name) && error.message.includes(reason!));
    t.truthy(error.remedy);
    t.is(tf.getBackend(), 'cpu');
  }
  t.true(missing.length > 0 || (await listBackends()).length === 5);
});

test.serial('the environment chooses where the caller does not', async (t) => {
  process.env.PRUNEBENCH_BACKEND = 'cpu';
  t.is((await selectBackend()).name, 'cpu');
  t.is((await selectBackend('wasm')).name, 'wasm');
  process.env.PRUNEBENCH_BACKEND = 'cuda';
  await t.throwsAsync(selectBackend(), { instanceOf: PrunebenchError, message: /cuda/ });
  delete process.env.PRUNEBENCH_BACKEND;
});

for (const threads of ['0', 'two', '1.5', '-1']) {
  test.serial(`${threads} threads are refused`, async (t) => {
    process.env.PRUNEBENCH_THREADS = threads;
    await t.throwsAsync(selectBackend('cpu'), {
      instanceOf: PrunebenchError,
      message: new RegExp(threads.replace('.', '\\.')),
    });
    delete process.env.PRUNEBENCH_THREADS;
  });
}
