import { consumers, INPUT, inferShapes, outputLayer, PrunebenchError, parameterSpecs, sizeOf } from '@prunebench/core';
import test from 'ava';
import { buildModel, findModel, models } from '../src/index.ts';

const cifar = { inputShape: [32, 32, 3], classes: 10 };
const mnist = { inputShape: [28, 28, 1], classes: 10 };

test('LeNet-5-Caffe shrinks the image as the Caffe definition does', (t) => {
  const shapes = inferShapes(buildModel('lenet-5-caffe', mnist));
  t.deepEqual(
    ['conv1', 'pool1', 'conv2', 'pool2', 'flatten', 'fc1', 'fc2'].map((name) => shapes.get(name)),
    [[24, 24, 20], [12, 12, 20], [8, 8, 50], [4, 4, 50], [800], [500], [10]],
  );
});

test('ResNet-20: option A shortcuts only where the shape changes, and every block adds what enters it', (t) => {
  const network = buildModel('resnet-20', cifar);
  const shortcuts = network.layers.filter((layer) => layer.kind === 'subsamplePad');
  t.deepEqual(
    shortcuts.map(({ name, stride, channels }) => [name, stride, channels]),
    [
      ['stage2-block1-shortcut-pad', 2, 32],
      ['stage3-block1-shortcut-pad', 2, 64],
    ],
  );
  const additions = network.layers.filter((layer) => layer.kind === 'add');
  t.is(additions.length, 9);
  t.deepEqual(additions[0].inputs, ['stage1-block1-bn2', 'relu1']);
  t.deepEqual(additions[1].inputs, ['stage1-block2-bn2', 'stage1-block1-relu2']);
  t.deepEqual(additions[3].inputs, ['stage2-block1-bn2', 'stage2-block1-shortcut-pad']);
  t.deepEqual(inferShapes(network).get('stage3-block3-relu2'), [8, 8, 64]);
});

test('ResNet-18 projects its shortcuts with 1x1 convolutions in stages 2 to 4', (t) => {
  const projections = parameterSpecs(buildModel('resnet-18', cifar)).filter(({ name }) =>
    name.endsWith('shortcut-conv/kernel'),
  );
  t.deepEqual(
    projections.map(({ shape }) => shape),
    [
      [1, 1, 64, 128],
      [1, 1, 128, 256],
      [1, 1, 256, 512],
    ],
  );
});

test('a network with batch norm has no bias but the classifier', (t) => {
  for (const id of ['vgg-11', 'resnet-20', 'resnet-18'])
    t.deepEqual(
      parameterSpecs(buildModel(id, cifar))
        .filter(({ role }) => role === 'bias')
        .map(({ name }) => name),
      ['fc/bias'],
      id,
    );
});

test('in every network each layer but the last is read, and the last has one logit per class or a single sigmoid', (t) => {
  for (const { id, defaultDataset, loss } of models) {
    const shape =
      defaultDataset === 'mnist' ? mnist : defaultDataset === 'cifar10' ? cifar : { inputShape: [17], classes: 2 };
    const network = buildModel(id, shape);
    const last = outputLayer(network);
    for (const { name } of network.layers)
      t.is(consumers(network, name).length > 0, name !== last.name, `${id} ${name}`);
    t.true(consumers(network, INPUT).length > 0);
    t.is(network.loss ?? 'cross-entropy', loss);
    t.is(last.kind === 'activation', loss === 'squared-error', id);
    t.deepEqual(inferShapes(network).get(last.name), [loss === 'cross-entropy' ? shape.classes : 1], id);
  }
});

test('a width suffix scales hidden widths and leaves the outputs', (t) => {
  const kernels = (id: string) =>
    parameterSpecs(buildModel(id, cifar))
      .filter(({ role }) => role === 'kernel')
      .map(({ shape }) => shape);
  const half = kernels('resnet-20-w0.5');
  t.deepEqual(half[0], [3, 3, 3, 8]);
  t.deepEqual(half.at(-2), [3, 3, 32, 32]);
  t.deepEqual(half.at(-1), [32, 10]);
  t.deepEqual(
    kernels('vgg-11-w0.25').map((shape) => shape.at(-1)),
    [16, 32, 64, 64, 128, 128, 128, 128, 10],
  );
  // GraSP's ResNet-32 is twice as wide; its size without the projections follows by hand.
  const wide = kernels('resnet-32-w2').reduce((sum, shape) => sum + sizeOf(shape), 0);
  const stage = (from: number, to: number) => 9 * from * to + 9 * 9 * to * to;
  t.is(wide, 27 * 32 + stage(32, 32) + stage(32, 64) + stage(64, 128) + 1280);
  t.is(buildModel('resnet-20-w0.5', cifar).name, 'resnet-20-w0.5');
  t.is(findModel('resnet-20-w0.5').id, 'resnet-20');
  t.deepEqual(kernels('resnet-20-w0.001')[0], [3, 3, 3, 1]);
});

test('an unknown model names its nearest neighbours', (t) => {
  const error = t.throws(() => buildModel('resnet-21', cifar), { instanceOf: PrunebenchError });
  t.regex(error.message, /no model "resnet-21".*resnet-20/);
  t.regex(error.remedy!, /vgg-19/);
  t.throws(() => findModel('lenet_300_100'), { message: /nearest names are lenet-300-100/ });
});

test('bad and redundant width factors are refused', (t) => {
  for (const id of ['resnet-20-w0', 'resnet-20-w', 'resnet-20-wide', 'resnet-20-w17', 'resnet-20-wNaN'])
    t.throws(() => buildModel(id, cifar), { instanceOf: PrunebenchError, message: /width factor/ }, id);
  t.is(t.throws<PrunebenchError>(() => buildModel('resnet-20-w0.50', cifar)).remedy, 'Write resnet-20-w0.5.');
  t.is(t.throws<PrunebenchError>(() => buildModel('resnet-20-w1', cifar)).remedy, 'Write resnet-20.');
});

test('data that is too small for a network gives an error that names the layer', (t) => {
  t.throws(() => buildModel('vgg-11', { inputShape: [16, 16, 3], classes: 10 }), {
    instanceOf: PrunebenchError,
    message: /vgg-11, layer pool5/,
  });
});
