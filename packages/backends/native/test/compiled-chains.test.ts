// Chains compiled into one loop against the same chains run link by link: all bits, for every form in the list.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { chainSource, type ListedForm, listedForms } from '../scripts/chain-source.ts';
import { compiledName, formOf, interpretedChains } from '../src/capture/chain-form.ts';
import { writeChain } from '../src/capture/chain-words.ts';
import type { Command, Value } from '../src/capture/graph.ts';
import type { KernelTable, Numbers } from '../src/descriptors.ts';
import { captureStep, registeredBackend, setThreads } from '../src/index.ts';
import { assertSameBits, randomTensor, randomValues, useNative } from './support.ts';

const folder = path.join(import.meta.dirname, '../src/cc/elementwise');
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
const forms = listedForms(read('chain-forms.txt'));

test.before(() => useNative());
test.afterEach(() => setThreads(1));

/** The numbers of a link, those that are no names at will. */
function numbersOf(kernel: string, told: readonly string[], size: number, operands: readonly string[]): Numbers {
  const [operation = '', type = ''] = told;
  const strides = (place: number) => [operands[place]?.startsWith('c') ? 0 : 1];
  const walk = { rank: 1, sizes: [size], stridesA: strides(0), stridesB: strides(1) };
  const all: Record<string, Numbers> = {
    Unary: { operation, size, first: -0.5, second: 0.75 },
    Binary: { operation, ...walk },
    Compare: { operation, type, ...walk },
    Select: { size },
    Cast: { size, fromType: operation, toType: type },
    Fill: { size, value: -0 },
    Sum: { outer: 1, reduced: size, inner: 1, mean: false },
    MomentumUpdate: { size, momentum: 0.9, nesterov: size % 2 === 0, weightDecay: 1e-3 },
    AdamUpdate: { size, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-3, decoupled: size % 2 === 0 },
  };
  return all[kernel]!;
}

/** A chain of a form, and its values by their names. */
function chainOf(kernels: KernelTable, form: string, size: number): [Command, ReadonlyMap<string, Value>] {
  const values = new Map<string, Value>();
  const valueNamed = (name: string): Value => {
    const width = Number(/^[xt](\d+)_/.exec(name)?.[1] ?? 4);
    const value = values.get(name) ?? { bytes: name.startsWith('c') ? 12 : width * size, external: undefined };
    values.set(name, value);
    return value;
  };
  const links = form.split(' ').map((text): Command => {
    const [, name = '', list = ''] = /^([\w.]+)\((.*)\)$/.exec(text)!;
    const [kernel = '', ...told] = name.split('.');
    const given = list.split(',');
    const descriptor = kernels.descriptor(kernel);
    const named = descriptor.operandNames().map((operand, i) => [operand, given[i]!] as const);
    const operands = Object.fromEntries(named.map(([operand, one]) => [operand, one === '-' ? null : valueNamed(one)]));
    const outputs = descriptor.written().flatMap((operand) => operands[operand] ?? []);
    return { kernel, operands, outputs, numbers: numbersOf(kernel, told, size, given) };
  });
  const outer = [...values].filter(([name]) => !name.startsWith('t'));
  const outputs = outer.map(([, value]) => value).filter((value) => links.some((link) => link.outputs.includes(value)));
  return [{ kernel: 'Chain', operands: Object.fromEntries(outer), outputs, numbers: { size }, links }, values];
}

/** What is in the memory outside a chain once it has run. */
function run(
  form: string,
  size: number,
  kernel: string,
  at: (value: number) => number,
): ReadonlyMap<string, Float32Array> {
  const { kernels, addon } = registeredBackend();
  const [chain] = chainOf(kernels, form, size);
  const memory = new Map<Value, { readonly name: string; readonly values: Float32Array }>();
  for (const [i, [name, value]] of Object.entries(chain.operands).entries())
    if (value) memory.set(value, { name, values: randomValues(value.bytes / 4, i + 1).map(at) });
  const words: number[] = [];
  writeChain(kernels, words, chain, (value) => addon.addressOf(memory.get(value)!.values), kernel);
  addon.replay(Float64Array.from(words), 1);
  return new Map([...memory.values()].map(({ name, values }) => [name, values]));
}

/** Of two NaN, which bits the sum has depends on the order of its operands, which the compiler chooses. */
const oneNaN = (values: Float32Array) => values.map((x) => (Number.isNaN(x) ? Number.NaN : x));

const ranges: Readonly<Record<string, (value: number) => number>> = {
  'of both signs': (value) => value,
  positive: (value) => Math.abs(value) + 1e-3,
  'of many magnitudes': (value) => Math.sign(value) * 10 ** (30 * value),
};

for (const { form, title } of forms)
  test(`${title}: ${form.split(' ').length} links at once have the bits of links one by one`, (t) => {
    // Less than a group of vectors, whole groups, several tasks with a rest.
    for (const size of [5, 1024, 40_001])
      for (const [name, at] of Object.entries(ranges)) {
        setThreads(1);
        const expected = run(form, size, 'Chain', at);
        for (const threads of [1, 2]) {
          setThreads(threads);
          for (const [operand, values] of run(form, size, compiledName(form), at))
            assertSameBits(t, oneNaN(values), oneNaN(expected.get(operand)!), `${operand}, ${size} numbers ${name}`);
        }
      }
  });

test('the source is what the script writes of the list, and forms read as they were written', (t) => {
  const { kernels } = registeredBackend();
  t.is(read('compiled-chains.cc'), chainSource(kernels, forms));
  for (const { form } of forms) t.is(formOf(kernels, chainOf(kernels, form, 4096)[0]), form);
  t.is(new Set(forms.map(({ form }) => form)).size, forms.length);
});

test('a captured chain of a listed form runs compiled; another one is named', (t) => {
  const x = tf.variable(randomTensor([64, 64], 1));
  const known = new Set(interpretedChains());
  const added = () => interpretedChains().filter((form) => !known.has(form));
  const bits = (body: () => tf.Tensor) => {
    const step = captureStep(() => [body()], [], { state: [x] });
    assertSameBits(
      t,
      step.run()[0]!,
      tf.tidy(() => body().dataSync()),
      'captured',
    );
    step.dispose();
  };
  const [y, z] = [randomTensor([64, 64], 2), randomTensor([64, 64], 3)];
  bits(() => tf.add(tf.mul(y, tf.mul(x, 1.5)), z));
  t.deepEqual(added(), []);
  bits(() => tf.cos(tf.cos(tf.cos(x))));
  t.deepEqual(added(), ['Unary.Cos(x0,t0) Unary.Cos(t0,t1) Unary.Cos(t1,x1)']);
});

test('what cannot be compiled says so', (t) => {
  const { kernels } = registeredBackend();
  const source = (form: string) => chainSource(kernels, [{ form, title: '' } satisfies ListedForm]);
  t.throws(() => source('Test.IsNan(x0,t1_0) Select(t1_0,x0,x1,x2)'), { message: /Test cannot be compiled/ });
  t.throws(() => source('Compare.Less.float32(x0,c0,x1_0)'), { message: /bool that leaves/ });
  t.throws(() => source('Unary.Neg(t0,x0)'), { message: /reads t0 before/ });
  t.throws(() => source('Unary.Neg x0'), { message: /not a link/ });
  t.throws(() => source('MomentumUpdate(x0,x1,x2,-,c0,x3,x4) Unary.Neg(x3,x5)'), { message: /update leaves/ });
});
