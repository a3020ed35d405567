import { channelsBefore, inferShapes, type Layer, type Network, paddingBefore, windowOutput } from '@prunebench/core';
import { moduleName } from './pytorch.ts';

/**
 * A file of Python with the network as a module of PyTorch, whose `state_dict()` is what `toPyTorch` writes, and a function that reads
 * it. Images go in as PyTorch has them: [N, channels, height, width].
 *
 * @param weights name of the safetensors file beside it
 */
export function pytorchModule(network: Network, weights: string): string {
  const shapes = inferShapes(network);
  const variables = new Map([['input', 'x']]);
  const modules: string[] = [];
  const lines: string[] = [];
  for (const [i, layer] of network.layers.entries()) {
    const inputs = layer.inputs.map((name) => variables.get(name)!);
    const shape = shapes.get(layer.inputs[0])!;
    const module = moduleOf(layer, shape);
    if (module !== undefined)
      modules.push(`        self.add_module(${JSON.stringify(moduleName(layer.name))}, ${module})`);
    variables.set(layer.name, `v${i}`);
    lines.push(`        v${i} = ${expressionOf(layer, inputs, shape)}`);
  }
  return `${HEADER.replace('NAME', () => network.name.replace(/["\\]/g, ' '))}
class Network(nn.Module):
    def __init__(self):
        super().__init__()
${modules.join('\n')}

    def forward(self, x):
        m = self._modules
${lines.join('\n')}
        return v${network.layers.length - 1}


${FOOTER.replaceAll('WEIGHTS', () => JSON.stringify(weights))}`;
}

const HEADER = `"""The network NAME, written by \`prunebench export --pytorch\`: load() gives it with its weights."""
import json
import os
import struct

import torch
import torch.nn.functional as F
from torch import nn


def average(x, size, stride, padding):
    """Of the pixels of a window that are in the image."""
    ones = F.pad(torch.ones_like(x[:1, :1]), padding)
    return F.avg_pool2d(F.pad(x, padding), size, stride) / F.avg_pool2d(ones, size, stride)

`;

const FOOTER = `def read(path):
    """The tensors of a safetensors file."""
    with open(path, 'rb') as file:
        (size,) = struct.unpack('<Q', file.read(8))
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    header.pop('__metadata__', None)
    return {
        name: torch.frombuffer(data, dtype=torch.float32, offset=entry['data_offsets'][0],
                               count=(entry['data_offsets'][1] - entry['data_offsets'][0]) // 4).reshape(entry['shape']).clone()
        for name, entry in header.items()
    }


def load(path=os.path.join(os.path.dirname(os.path.abspath(__file__)), WEIGHTS)):
    network = Network()
    # Batch norms count their batches, which no file of ours says.
    missing, unexpected = network.load_state_dict(read(path), strict=False)
    wrong = unexpected + [name for name in missing if not name.endswith('num_batches_tracked')]
    if wrong:
        raise ValueError(f'{path} does not fit: {wrong}')
    return network.eval()
`;

function moduleOf(layer: Layer, input: readonly number[]): string | undefined {
  const boolean = (value: boolean) => (value ? 'True' : 'False');
  const channels = input[input.length - 1];
  switch (layer.kind) {
    case 'conv2d':
      return `nn.Conv2d(${channels}, ${layer.filters}, ${pair(layer.kernelSize)}, stride=${pair(layer.strides)}, dilation=${pair(layer.dilation)}, groups=${layer.groups}, bias=${boolean(layer.useBias)})`;
    case 'dense':
      return `nn.Linear(${channels}, ${layer.units}, bias=${boolean(layer.useBias)})`;
    case 'batchNorm':
      return `nn.BatchNorm${input.length === 3 ? 2 : 1}d(${channels}, eps=${layer.epsilon}, momentum=${Number((1 - layer.momentum).toPrecision(12))})`;
    case 'dropout':
      return `nn.Dropout(${layer.rate})`;
    default:
      return undefined;
  }
}

function expressionOf(layer: Layer, [x, other]: readonly string[], input: readonly number[]): string {
  const module = `m[${JSON.stringify(moduleName(layer.name))}]`;
  switch (layer.kind) {
    case 'conv2d': {
      const padding = paddingOf(layer, input, layer.kernelSize, layer.dilation);
      return `${module}(${padding.some((zeros) => zeros > 0) ? `F.pad(${x}, (${padding.join(', ')}))` : x})`;
    }
    case 'dense':
    case 'batchNorm':
    case 'dropout':
      return `${module}(${x})`;
    case 'activation':
      return `torch.${layer.activation}(${x})`;
    case 'maxPool': {
      const padding = paddingOf(layer, input, layer.size, [1, 1]);
      const padded = padding.some((zeros) => zeros > 0)
        ? `F.pad(${x}, (${padding.join(', ')}), value=float('-inf'))`
        : x;
      return `F.max_pool2d(${padded}, ${pair(layer.size)}, ${pair(layer.strides)})`;
    }
    case 'avgPool': {
      const padding = paddingOf(layer, input, layer.size, [1, 1]);
      return `average(${x}, ${pair(layer.size)}, ${pair(layer.strides)}, (${padding.join(', ')}))`;
    }
    case 'globalAveragePool':
      return `${x}.mean((2, 3))`;
    case 'flatten':
      return `torch.flatten(${x}, 1)`;
    case 'add':
      return `${x} + ${other}`;
    case 'subsamplePad': {
      const before = channelsBefore(layer, input[2]);
      const after = layer.channels - input[2] - before;
      return `F.pad(${x}[:, :, ::${layer.stride}, ::${layer.stride}], (0, 0, 0, 0, ${before}, ${after}))`;
    }
  }
}

/** Zeros left, right, above and below, as `F.pad` wants them. */
function paddingOf(
  { strides, padding }: { readonly strides: readonly [number, number]; readonly padding: 'same' | 'valid' },
  input: readonly number[],
  size: readonly [number, number],
  dilation: readonly [number, number],
): readonly number[] {
  return ([1, 0] as const).flatMap((axis) => {
    const before = paddingBefore(input[axis], size[axis], strides[axis], dilation[axis], padding);
    const outputs = windowOutput(input[axis], size[axis], strides[axis], dilation[axis], padding);
    const needed = (outputs - 1) * strides[axis] + (size[axis] - 1) * dilation[axis] + 1;
    return [before, padding === 'valid' ? 0 : Math.max(0, needed - input[axis]) - before];
  });
}

function pair([height, width]: readonly [number, number]): string {
  return `(${height}, ${width})`;
}
