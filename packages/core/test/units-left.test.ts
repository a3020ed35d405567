import test from 'ava';
import fc from 'fast-check';
import { defineNetwork, type Masks, type Network, prunableSpecs, sizeOf, unitMasks, unitsLeft } from '../src/index.ts';
import { batchNorm, conv, dense, denseNetwork, residualNetwork } from './networks.ts';

/** "434-174-78": what remains of the first layer's inputs and of every layer's units. */
const remaining = (network: Network, masks: Masks) => {
  const layers = unitsLeft(network, masks);
  return [layers[0].inputs.remaining, ...layers.map(({ units }) => units.remaining)].join('-');
};

test('LeNet-300-100 without weights of 350 pixels, 126 neurons of the first layer and 22 of the second', (t) => {
  const network = denseNetwork([784, 300, 100, 10]);
  t.deepEqual(unitsLeft(network)[0], {
    name: 'fc1/kernel',
    kind: 'dense',
    inputs: { total: 784, remaining: 784 },
    units: { total: 300, remaining: 300 },
  });
  const masks = {
    // The first 350 rows are the pixels that nobody reads any more.
    'fc1/kernel': Uint8Array.from({ length: 784 * 300 }, (_, i) => (i >= 350 * 300 && i % 300 >= 126 ? 1 : 0)),
    'fc2/kernel': Uint8Array.from({ length: 300 * 100 }, (_, i) => (i % 100 >= 22 ? 1 : 0)),
  };
  // Biases are left, so that removed neurons are constants: no input reaches them.
  t.is(remaining(network, masks), '434-174-78-10');
  t.deepEqual(unitsLeft(network, masks)[1], {
    name: 'fc2/kernel',
    kind: 'dense',
    inputs: { total: 300, remaining: 174 },
    units: { total: 100, remaining: 78 },
  });
});

test('a unit counts where it is both fed and read, over several layers, traced by hand', (t) => {
  const network = denseNetwork([3, 3, 3, 2]);
  const masks = {
    // Input 0 feeds units 0 and 1, input 1 feeds unit 1 alone, input 2 nothing; unit 2 is fed by nobody.
    'fc1/kernel': Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 0),
    // Unit 0 is read by unit 0', which nobody reads; unit 1 by unit 1'; unit 2 by unit 2', which has no other input.
    'fc2/kernel': Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    // Output 0 reads unit 1', output 1 reads unit 2'.
    'fc3/kernel': Uint8Array.of(0, 0, 1, 0, 0, 1),
  };
  // What is left is the path input 0 or 1 -> unit 1 -> unit 1' -> output 0.
  t.is(remaining(network, masks), '2-1-1-1');
});

test('filters: features behind a flatten are counted one by one, as readers of the first dense layer', (t) => {
  const network = defineNetwork({
    name: 'small',
    inputShape: [4, 4, 1],
    layers: [
      conv('conv', 'input', 3),
      batchNorm('bn', 'conv'),
      { kind: 'flatten', name: 'flat', inputs: ['bn'] },
      dense('fc', 'flat', 2),
    ],
  });
  const all = unitsLeft(network);
  t.deepEqual(
    all.map(({ inputs, units }) => [inputs.total, units.total]),
    [
      [1, 3],
      [48, 2],
    ],
  );
  // Filter 1 goes with its batch norm: its 16 features are constants.
  const [first, second] = unitsLeft(network, unitMasks(network, 'conv/kernel', Uint8Array.of(1, 0, 1)));
  t.deepEqual([first.units.remaining, second.inputs.remaining, second.units.remaining], [2, 32, 2]);
  // Of filter 0 one feature is read, of the others none: feature f is of filter f mod 3.
  const kernel = Uint8Array.from({ length: 96 }, (_, i) => (Math.floor(i / 2) === 21 ? 1 : 0));
  const [alone, reader] = unitsLeft(network, { 'fc/kernel': kernel });
  t.deepEqual([alone.units.remaining, reader.inputs.remaining, reader.units.remaining], [1, 1, 2]);
});

test('a residual block: channels that only the shortcut carries are no units of the layer beside it', (t) => {
  const masks = unitMasks(residualNetwork, 'conv3/kernel', Uint8Array.of(1, 1, 0, 0, 0));
  const left = Object.fromEntries(unitsLeft(residualNetwork, masks).map((each) => [each.name, each]));
  t.is(left['conv3/kernel'].units.remaining, 2);
  // The shortcut's 3 channels lie in the middle of 5, so that the last channel of the sum has lost its only source.
  t.deepEqual(left['fc/kernel'].inputs, { total: 5, remaining: 4 });
});

test('a network that is cut in two has no unit left', (t) => {
  const network = denseNetwork([4, 3, 2]);
  t.is(remaining(network, { 'fc2/kernel': new Uint8Array(6) }), '0-0-0');
});

test('masks that do not fit are refused by name', (t) => {
  t.throws(() => unitsLeft(denseNetwork([2, 2, 1]), { 'fc1/kernel': new Uint8Array(3) }), { message: /fc1\/kernel/ });
});

/** A chain of dense layers without biases, in which a unit that no input reaches is 0. */
function withoutBiases(sizes: readonly number[]): Network {
  const layers = sizes.slice(1).map((units, i) => dense(`fc${i + 1}`, i === 0 ? 'input' : `fc${i}`, units, false));
  return defineNetwork({ name: 'linear', inputShape: [sizes[0]], layers });
}

test('of random masks: what is found by walking every path', (t) => {
  const sizes = [4, 3, 5, 2];
  const network = withoutBiases(sizes);
  const specs = prunableSpecs(network);
  const bits = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: bits, maxLength: bits }), (drawn) => {
      const rest = drawn.map((value) => (value === 0 ? 1 : 0));
      const masks = Object.fromEntries(
        specs.map(({ name, shape }) => [name, Uint8Array.from(rest.splice(0, sizeOf(shape)))] as const),
      );
      const on = sizes.map(() => new Set<number>());
      const walk = (layer: number, unit: number, path: readonly number[]): void => {
        const whole = [...path, unit];
        if (layer === specs.length) {
          for (const [place, each] of whole.entries()) on[place].add(each);
          return;
        }
        const { name, shape } = specs[layer];
        for (let next = 0; next < shape[1]; next++)
          if (masks[name][unit * shape[1] + next] === 1) walk(layer + 1, next, whole);
      };
      for (let input = 0; input < sizes[0]; input++) walk(0, input, []);
      t.is(remaining(network, masks), on.map(({ size }) => size).join('-'));
    }),
    { numRuns: 200 },
  );
});
