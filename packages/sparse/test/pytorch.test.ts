// Networks in PyTorch, from the files that `export --pytorch` writes: the same outputs.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyMasks, defineNetwork, groupMasks, groupsOf, INPUT, type Network, randomStream } from '@prunebench/core';
import * as layers from '@prunebench/core/layers';
import { convertFromPyTorch, encodeSafetensors, pytorchModule, toPyTorch } from '@prunebench/interop';
import { buildModel } from '@prunebench/models';
import { shrink } from '@prunebench/surgery';
import { convNet, mlp, outputs, randomBatch, randomParameters, relativeError, residualNet } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

test.beforeEach(() => tf.setBackend('cpu'));

/** Debian's, which has the packages of Debian. */
const PYTHON = '/usr/bin/python3';

function hasTorch(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What the layers of the suite's networks leave out: strides and pooling over borders, groups, dropout, batch norm after flatten. */
const odd = defineNetwork({
  name: 'odd "paddings"',
  inputShape: [7, 6, 2],
  layers: [
    layers.conv2d('a.1', 4, 3, { stride: 2 })(INPUT),
    layers.activation('t', 'tanh')('a.1'),
    { kind: 'maxPool', name: 'm', inputs: ['t'], size: [2, 2], strides: [1, 1], padding: 'same' },
    layers.conv2d('g', 8, [2, 3], { groups: 2, useBias: false })('m'),
    layers.conv2d('d', 8, 3, { groups: 8, dilation: 2 })('g'),
    layers.activation('s', 'sigmoid')('d'),
    { kind: 'avgPool', name: 'p', inputs: ['s'], size: [3, 2], strides: [2, 2], padding: 'same' },
    { kind: 'dropout', name: 'drop', inputs: ['p'], rate: 0.5 },
    layers.flatten('f')('drop'),
    layers.batchNorm('bn')('f'),
    layers.dense('out', 3)('bn'),
  ],
});

const networks: readonly Network[] = [
  convNet(),
  residualNet(),
  odd,
  mlp([5, 4, 3], { activation: 'sigmoid' }),
  buildModel('resnet-20-w0.25', { inputShape: [32, 32, 3], classes: 10 }),
  buildModel('lenet-5-caffe', { inputShape: [28, 28, 1], classes: 10 }),
];

test('a state_dict is read back as what it was', (t) => {
  for (const network of networks.filter(({ name }) => name !== odd.name)) {
    const parameters = randomParameters(network);
    const back = convertFromPyTorch(toPyTorch(network, parameters), network, {}, 'x');
    t.deepEqual(back, parameters, network.name);
  }
});

(hasTorch() ? test : test.skip)('shrunk networks give in PyTorch what the masked ones give here', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pytorch-'));
  try {
    const expected: Float32Array[] = [];
    const scripts = ['import torch'];
    for (const [n, network] of networks.entries()) {
      const parameters = randomParameters(network);
      const groups = groupsOf(network, 'channel');
      const random = randomStream(n);
      const kept = Uint8Array.from({ length: groups.count }, () => (random.uniform() < 0.7 ? 1 : 0));
      const masks = groupMasks(groups, kept);
      const { network: smaller, state } = shrink(network, { parameters, masks });
      const tensors = toPyTorch(smaller, applyMasks(state.parameters, state.masks));
      await writeFile(join(folder, `w${n}.safetensors`), encodeSafetensors({ tensors, metadata: {} }));
      await writeFile(join(folder, `network${n}.py`), pytorchModule(smaller, `w${n}.safetensors`));
      const batch = randomBatch(network, 3);
      await writeFile(join(folder, `x${n}.bin`), new Uint8Array(batch.x.buffer));
      const shape = [batch.size, ...network.inputShape];
      const order = shape.length === 4 ? '.permute(0, 3, 1, 2)' : '';
      scripts.push(
        `import network${n}`,
        `x = torch.frombuffer(bytearray(open('x${n}.bin', 'rb').read()), dtype=torch.float32).reshape(${JSON.stringify(shape)})${order}`,
        `open('y${n}.bin', 'wb').write(network${n}.load()(x).detach().contiguous().numpy().tobytes())`,
      );
      expected.push(outputs(network, applyMasks(parameters, masks), batch));
    }
    execFileSync(PYTHON, ['-c', scripts.join('\n')], { cwd: folder });
    for (const [n, { name }] of networks.entries()) {
      const bytes = await readFile(join(folder, `y${n}.bin`));
      const actual = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      const error = relativeError(actual, expected[n]);
      t.true(error < 1e-5, `${name}: ${error}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
