import type { Network } from './layer.ts';
import { inferShapes } from './shape.ts';

export type ParameterRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'movingMean' | 'movingVariance';

/** What a parameter is before it has values. */
export interface ParameterSpec {
  /** "<layer>/<role>" */
  readonly name: string;
  readonly layer: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
  /** Whether gradients train it; running statistics are parameters that are not trained. */
  readonly trainable: boolean;
  /** Kernels are; biases and batch-norm parameters are not, as in most of the field. */
  readonly prunable: boolean;
  /** Number of inputs that feed one output, and outputs fed by one input: for initialization. Kernels only, else 0. */
  readonly fanIn: number;
  readonly fanOut: number;
}

const specsOf = new WeakMap<Network, readonly ParameterSpec[]>();

/** All parameters of a network, in layer order; inside a layer kernel before bias, gamma before beta before statistics. */
export function parameterSpecs(network: Network): readonly ParameterSpec[] {
  const cached = specsOf.get(network);
  if (cached) return cached;
  const specs = listSpecs(network);
  specsOf.set(network, specs);
  return specs;
}

/** The specs of the kernels that pruning may touch, in layer order. */
export function prunableSpecs(network: Network): readonly ParameterSpec[] {
  return parameterSpecs(network).filter((spec) => spec.prunable);
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function listSpecs(network: Network): readonly ParameterSpec[] {
  const shapes = inferShapes(network);
  const specs: ParameterSpec[] = [];
  for (const layer of network.layers) {
    const input = shapes.get(layer.inputs[0])!;
    const vector = (role: ParameterRole, size: number) =>
      specs.push({
        name: `${layer.name}/${role}`,
        layer: layer.name,
        role,
        shape: [size],
        trainable: role !== 'movingMean' && role !== 'movingVariance',
        prunable: false,
        fanIn: 0,
        fanOut: 0,
      });
    const kernel = (shape: readonly number[], fanIn: number, fanOut: number) =>
      specs.push({
        name: `${layer.name}/kernel`,
        layer: layer.name,
        role: 'kernel',
        shape,
        trainable: true,
        prunable: true,
        fanIn,
        fanOut,
      });
    if (layer.kind === 'dense') {
      kernel([input[0], layer.units], input[0], layer.units);
      if (layer.useBias) vector('bias', layer.units);
    } else if (layer.kind === 'conv2d') {
      const [height, width] = layer.kernelSize;
      const channels = input[2] / layer.groups;
      const field = height * width;
      kernel([height, width, channels, layer.filters], field * channels, (field * layer.filters) / layer.groups);
      if (layer.useBias) vector('bias', layer.filters);
    } else if (layer.kind === 'batchNorm') {
      for (const role of ['gamma', 'beta', 'movingMean', 'movingVariance'] as const)
        vector(role, input[input.length - 1]);
    }
  }
  return specs;
}
