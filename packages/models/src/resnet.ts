import type { Citation, Layer } from '@prunebench/core';
import { batchNorm, conv2d, dense, globalAveragePool, relu, sequential } from '@prunebench/core/layers';
import type { ModelEntry } from './model.ts';

const he2016: Citation = {
  authors: 'He, Zhang, Ren, Sun',
  title: 'Deep Residual Learning for Image Recognition',
  year: 2016,
  venue: 'CVPR 2016',
  url: 'https://arxiv.org/abs/1512.03385',
};

/** What carries a block's input past its convolutions where the shape changes: the paper's options A and B. */
type Shortcut = 'subsample-pad' | 'projection';

interface ResNetShape {
  readonly stages: readonly { readonly filters: number; readonly blocks: number }[];
  readonly shortcut: Shortcut;
}

/**
 * Two 3x3 convolutions with batch norm, added to the shortcut, then ReLU. A `same` convolution of stride 2 pads an
 * even image after its last row and column only, where PyTorch's padding of 1 pads on both sides: the pixel grid is
 * shifted by one, the sizes and counts are the same.
 */
function block(
  name: string,
  input: string,
  channels: number,
  filters: number,
  stride: number,
  shortcut: Shortcut,
): Layer[] {
  const residual = sequential(
    [
      conv2d(`${name}-conv1`, filters, 3, { stride, useBias: false }),
      batchNorm(`${name}-bn1`),
      relu(`${name}-relu1`),
      conv2d(`${name}-conv2`, filters, 3, { useBias: false }),
      batchNorm(`${name}-bn2`),
    ],
    input,
  );
  const changes = stride !== 1 || channels !== filters;
  const carried = changes ? shortcutLayers(`${name}-shortcut`, input, filters, stride, shortcut) : [];
  const sum: Layer = {
    kind: 'add',
    name: `${name}-add`,
    inputs: [`${name}-bn2`, carried.at(-1)?.name ?? input],
  };
  // The shortcut comes first so that it is there when the last batch norm, the addition and the ReLU run as one.
  return [...carried, ...residual, sum, relu(`${name}-relu2`)(sum.name)];
}

function shortcutLayers(
  name: string,
  input: string,
  filters: number,
  stride: number,
  shortcut: Shortcut,
): readonly Layer[] {
  if (shortcut === 'subsample-pad')
    return [{ kind: 'subsamplePad', name: `${name}-pad`, inputs: [input], stride, channels: filters }];
  return sequential([conv2d(`${name}-conv`, filters, 1, { stride, useBias: false }), batchNorm(`${name}-bn`)], input);
}

function residualLayers(
  { stages, shortcut }: ResNetShape,
  classes: number,
  width: (full: number) => number,
): readonly Layer[] {
  let channels = width(stages[0].filters);
  const layers: Layer[] = [
    ...sequential([conv2d('conv1', channels, 3, { useBias: false }), batchNorm('bn1'), relu('relu1')]),
  ];
  const top = () => layers[layers.length - 1].name;
  stages.forEach((stage, s) => {
    const filters = width(stage.filters);
    for (let b = 0; b < stage.blocks; b++) {
      const stride = s > 0 && b === 0 ? 2 : 1;
      layers.push(...block(`stage${s + 1}-block${b + 1}`, top(), channels, filters, stride, shortcut));
      channels = filters;
    }
  });
  return [...layers, ...sequential([globalAveragePool('pool'), dense('fc', classes)], top())];
}

function resnet(depth: number, title: string, shape: ResNetShape, size: ModelEntry['size']): ModelEntry {
  return {
    id: `resnet-${depth}`,
    title,
    citation: he2016,
    defaultDataset: 'cifar10',
    initializer: 'he-normal',
    loss: 'cross-entropy',
    size,
    layers: ({ classes }, width) => residualLayers(shape, classes, width),
  };
}

/** The CIFAR family of section 4.2: depth 6n + 2, widths 16-32-64, parameter-free shortcuts (option A). */
function cifarResnet(depth: number, size: ModelEntry['size']): ModelEntry {
  const blocks = (depth - 2) / 6;
  const stages = [16, 32, 64].map((filters) => ({ filters, blocks }));
  return resnet(depth, `ResNet-${depth} (CIFAR, option A shortcuts)`, { stages, shortcut: 'subsample-pad' }, size);
}

export const resnet20: ModelEntry = cifarResnet(20, { weights: 268_336, trainable: 269_722 });
export const resnet32: ModelEntry = cifarResnet(32, { weights: 461_872, trainable: 464_154 });
export const resnet56: ModelEntry = cifarResnet(56, { weights: 848_944, trainable: 853_018 });

/** The ImageNet network with a 3x3 first convolution and no first pooling, as is usual on CIFAR. */
export const resnet18: ModelEntry = resnet(
  18,
  'ResNet-18 (CIFAR, 64-512, projection shortcuts)',
  { stages: [64, 128, 256, 512].map((filters) => ({ filters, blocks: 2 })), shortcut: 'projection' },
  { weights: 11_164_352, trainable: 11_173_962 },
);
