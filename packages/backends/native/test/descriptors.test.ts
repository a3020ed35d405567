// Calls by name: what is unknown, missing or of a wrong kind is refused before C++ sees it; what C++ sees all the same ends the process.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { Numbers } from '../src/descriptors.ts';
import { programFormat, registeredBackend } from '../src/index.ts';
import { useNative } from './support.ts';

test.before(() => useNative());

const relu = { operation: 'Relu', size: 3, first: 0, second: 0 };
const rows = { operation: 'Add', rank: 2, sizes: [1, 3], stridesA: [3, 1], stridesB: [3, 1] };
const product = {
  batch: 1,
  m: 1,
  n: 1,
  k: 3,
  transposeA: false,
  transposeB: true,
  strideA: 0,
  strideB: 0,
  relu: false,
};

test('a call names its operands and numbers in any order; an optional operand may be missing', (t) => {
  const backend = registeredBackend();
  const x = tf.tensor1d([1, -2, 3]);
  const y = backend.output([3]);
  backend.invoke('Unary', { y, x }, { second: 0, first: 0, size: 3, operation: 'Relu' });
  t.deepEqual([...backend.readSync(y.dataId)], [1, 0, 3]);
  const out = backend.output([1, 1]);
  backend.invoke('MatMul', { a: x, b: x, bias: undefined, out }, product);
  t.deepEqual([...backend.readSync(out.dataId)], [14]);
});

test('a call with a name that is unknown, missing or of a wrong kind is refused, and the error names it', (t) => {
  const backend = registeredBackend();
  const x = tf.tensor1d([1, -2, 3]);
  const y = backend.output([3]);
  const refused: [kernel: string, operands: Record<string, tf.TensorInfo>, numbers: Numbers, message: string][] = [
    ['Unery', { x, y }, relu, "The native addon has no kernel 'Unery'."],
    ['Unary', { x, y, z: x }, relu, "Unary has no operand 'z'; it has x, y."],
    ['Unary', { x }, relu, "Unary needs the operand 'y'; it has x, y."],
    ['Unary', { x, y }, { ...relu, sise: 3 }, "Unary has no number 'sise'; it has operation, size, first, second."],
    [
      'Unary',
      { x, y },
      { operation: 'Relu', size: 3, first: 0 },
      "Unary: 'second' must be a number, not undefined; it has operation, size, first, second.",
    ],
    ['Unary', { x, y }, { ...relu, operation: 1 }, "Unary: 'operation' must be one of Relu, Step, "],
    ['Unary', { x, y }, { ...relu, size: 'three' }, "Unary: 'size' must be a number, not three"],
    [
      'Binary',
      { a: x, b: x, out: y },
      { ...rows, operation: 'Added' },
      "Binary: 'operation' must be one of Add, Sub, ",
    ],
    ['Binary', { a: x, b: x, out: y }, { ...rows, sizes: [3] }, "Binary: 'sizes' must be a list of 2 numbers, not 3."],
    [
      'Binary',
      { a: x, b: x, out: y },
      { ...rows, stridesB: 1 },
      "Binary: 'stridesB' must be a list of 2 numbers, not 1.",
    ],
  ];
  for (const [kernel, operands, numbers, message] of refused) {
    const error = t.throws(() => backend.invoke(kernel, operands, numbers));
    t.true(error.message.startsWith(message), error.message);
  }
});

test('so is an operation of a compiled network', (t) => {
  const format = programFormat();
  const window = { height: 2, width: 2, strideY: 2, strideX: 2, top: 0, left: 0 };
  const value = { offset: 0, channels: 1, height: 1, width: 1, rows: 1, pitch: 1, top: 0, left: 0 };
  t.notThrows(() => format.operation('maxPool', { input: value, output: value }, window));
  t.throws(() => format.operation('minPool', {}, window), { message: /no operation 'minPool'; it has load, store, / });
  t.throws(() => format.operation('maxPool', {}, { ...window, depth: 1 }), {
    message: /maxPool has no number 'depth'/,
  });
  t.throws(() => format.operation('flatten', {}, window), { message: /flatten has no number 'height'; it has none/ });
  t.throws(() => format.operation('activation', {}, { function: 'step' }), {
    message: /one of relu, tanh, sigmoid, not step/,
  });
  t.throws(() => format.operation('add', { input: { offset: 0 } }, { relu: false }), {
    message: /'channels' must be a number/,
  });
  t.throws(() => format.header({ identity: 1, vectors: 1 }), { message: /'arenaFloats' must be a number/ });
});

test('every kernel says which operands it writes, and names no operand or number twice', (t) => {
  const { addon, kernels } = registeredBackend();
  for (const { name } of addon.kernels) {
    const descriptor = kernels.descriptor(name);
    // A chain's operands stand in its program.
    t.is(descriptor.written().length > 0, !name.startsWith('Chain'), name);
    t.is(new Set(descriptor.operandNames()).size, descriptor.operandNames().length, name);
  }
});

/** Writes one word over a call that is laid out, and runs it, in a process of its own. */
function runWithWord(kernel: string, place: number, word: number): { stderr: string; signal: string | null } {
  const source = `
    import { registerNativeBackend, registeredBackend } from ${JSON.stringify(path.join(import.meta.dirname, '../src/index.ts'))};
    await registerNativeBackend();
    const { addon, kernels } = registeredBackend();
    const array = new Float32Array(64);
    const operands = Object.fromEntries(kernels.descriptor('${kernel}').operandNames().map((name) => [name, array]));
    const numbers = ${JSON.stringify({ Unary: relu, SparseProgram: { images: 1 } }[kernel])};
    kernels.write(addon.words, 0, '${kernel}', operands, numbers, (of) => addon.addressOf(of));
    addon.words[${place}] = ${word};
    new Float64Array(array.buffer)[1] = 3; // of a program: vectors of a cell
    addon.execute();`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
  return { stderr: child.stderr, signal: child.signal };
}

test('words that C++ cannot follow end the process with a line that says why', (t) => {
  const unary = runWithWord('Unary', 5, 99);
  t.is(unary.signal, 'SIGABRT', unary.stderr);
  t.regex(unary.stderr, /no unary operation has the number 99/);
  const program = runWithWord('SparseProgram', 7, 1);
  t.is(program.signal, 'SIGABRT', program.stderr);
  t.regex(program.stderr, /no cell, of so many vectors, has the number 3/);
});
