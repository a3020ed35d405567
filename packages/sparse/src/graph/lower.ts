import {
  type BatchNorm,
  type Conv2d,
  channelsBefore,
  consumers,
  type Dense,
  INPUT,
  inferShapes,
  type Layer,
  type Masks,
  type Network,
  outputLayer,
  type ParameterRecord,
  type Pool,
  paddingBefore,
} from '@prunebench/core';
import { type CsrMatrix, csrFromKernel } from '../storage/csr.ts';
import type { Operation, Program, TensorId, TensorShape, Window } from './operations.ts';

/**
 * The network at inference as a list of operations: batch norms folded into the kernels before them, ReLUs and additions
 * merged into the products they follow, dropout and flattening that moves nothing gone. Layers are visited once, from the output backwards.
 *
 * @throws Error when a parameter is missing or does not fit
 */
export function lower(network: Network, parameters: ParameterRecord, masks: Masks): Program {
  return new Lowering(network, parameters, masks).program();
}

/** A convolution or dense layer and the layers that run with it. */
interface Chain {
  readonly layer: Conv2d | Dense;
  readonly norm: BatchNorm | undefined;
  /** The other summand of an addition. */
  readonly residual: string | undefined;
  readonly relu: boolean;
}

class Lowering {
  readonly #network: Network;
  readonly #parameters: ParameterRecord;
  readonly #masks: Masks;
  readonly #layers: ReadonlyMap<string, Layer>;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #tensors: TensorShape[] = [];
  readonly #operations: Operation[] = [];
  readonly #lowered = new Map<string, TensorId>();

  constructor(network: Network, parameters: ParameterRecord, masks: Masks) {
    this.#network = network;
    this.#parameters = parameters;
    this.#masks = masks;
    this.#layers = new Map(network.layers.map((layer) => [layer.name, layer]));
    this.#shapes = inferShapes(network);
  }

  program(): Program {
    // A batch lies as its flattened images do, so an input that is only read flattened comes in flat.
    const readers = consumers(this.#network, INPUT);
    const flattening = readers.every(({ kind }) => kind === 'flatten') ? readers : [];
    const input = this.#tensor(flattening[0]?.name ?? INPUT);
    for (const name of [INPUT, ...flattening.map(({ name }) => name)]) this.#lowered.set(name, input);
    const output = this.#lower(outputLayer(this.#network).name);
    return { tensors: this.#tensors, input, output, operations: this.#operations };
  }

  #tensor(name: string): TensorId {
    const shape = this.#shapes.get(name)!;
    const [height, width, channels] = shape.length === 1 ? [1, 1, shape[0]] : shape;
    return this.#tensors.push({ channels, height, width }) - 1;
  }

  #lower(name: string): TensorId {
    const known = this.#lowered.get(name);
    if (known !== undefined) return known;
    const chain = this.#chainEndingIn(name);
    const output = chain ? this.#product(chain, name) : this.#single(this.#layers.get(name)!);
    this.#lowered.set(name, output);
    return output;
  }

  /** The product that `name` completes, if all between it and the product is read by nobody else. */
  #chainEndingIn(name: string): Chain | undefined {
    const last = this.#layers.get(name)!;
    const relu = last.kind === 'activation' && last.activation === 'relu';
    const sum = relu ? this.#hidden(last.inputs[0]) : last;
    if (!sum) return undefined;
    if (sum.kind !== 'add' || sum.inputs[0] === sum.inputs[1]) {
      const found = this.#productOrNorm(sum);
      return found && { ...found, residual: undefined, relu };
    }
    for (const [own, other] of [sum.inputs, sum.inputs.toReversed()]) {
      const summand = this.#hidden(own);
      const found = summand && this.#productOrNorm(summand);
      if (found) return { ...found, residual: other, relu };
    }
    return undefined;
  }

  #productOrNorm(layer: Layer): Pick<Chain, 'layer' | 'norm'> | undefined {
    if (layer.kind === 'conv2d' || layer.kind === 'dense') return { layer, norm: undefined };
    if (layer.kind !== 'batchNorm') return undefined;
    const before = this.#hidden(layer.inputs[0]);
    return before?.kind === 'conv2d' || before?.kind === 'dense' ? { layer: before, norm: layer } : undefined;
  }

  /** The layer `name` if a single layer reads it. */
  #hidden(name: string): Layer | undefined {
    return consumers(this.#network, name).length === 1 ? this.#layers.get(name) : undefined;
  }

  #product({ layer, norm, residual, relu }: Chain, name: string): TensorId {
    const residualTensor = residual === undefined ? undefined : this.#lower(residual);
    const input = this.#lower(layer.inputs[0]);
    const output = this.#tensor(name);
    const kernel = csrFromKernel(this.#parameter(`${layer.name}/kernel`), this.#masks[`${layer.name}/kernel`]);
    const own = layer.useBias ? this.#masked(`${layer.name}/bias`) : new Float32Array(kernel.rows);
    const { weights, bias } = norm ? this.#folded(kernel, own, norm) : { weights: kernel, bias: own };
    this.#operations.push({
      kind: 'product',
      name: layer.name,
      input,
      output,
      weights,
      bias,
      window: layer.kind === 'conv2d' ? this.#windowOf(layer, layer.kernelSize, layer.dilation) : unitWindow,
      groups: layer.kind === 'conv2d' ? layer.groups : 1,
      residual: residualTensor,
      relu,
    });
    return output;
  }

  /** gamma (w x + b - mean) / sqrt(variance + epsilon) + beta as one product, computed in float64. */
  #folded(kernel: CsrMatrix, bias: Float32Array, norm: BatchNorm): { weights: CsrMatrix; bias: Float32Array } {
    const { scale, shift } = this.#affine(norm);
    const values = new Float32Array(kernel.values.length);
    for (let row = 0; row < kernel.rows; row++)
      for (let i = kernel.rowStarts[row]; i < kernel.rowStarts[row + 1]; i++) values[i] = kernel.values[i] * scale[row];
    return { weights: { ...kernel, values }, bias: bias.map((value, row) => value * scale[row] + shift[row]) };
  }

  #affine({ name, epsilon }: BatchNorm): { scale: Float64Array; shift: Float64Array } {
    const [gamma, beta] = [this.#masked(`${name}/gamma`), this.#masked(`${name}/beta`)];
    const mean = this.#parameter(`${name}/movingMean`).values;
    const variance = this.#parameter(`${name}/movingVariance`).values;
    const scale = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c] + epsilon));
    return { scale, shift: scale.map((value, c) => beta[c] - mean[c] * value) };
  }

  #single(layer: Layer): TensorId {
    const inputs = layer.inputs.map((name) => this.#lower(name));
    const [input] = inputs;
    if (layer.kind === 'dropout' || (layer.kind === 'flatten' && this.#isFlat(input))) return input;
    const output = this.#tensor(layer.name);
    this.#operations.push(this.#operationOf(layer, inputs, output));
    return output;
  }

  #isFlat(id: TensorId): boolean {
    const { height, width } = this.#tensors[id];
    return height * width === 1;
  }

  #operationOf(layer: Layer, [input, other]: readonly TensorId[], output: TensorId): Operation {
    const ends = { input, output };
    switch (layer.kind) {
      case 'batchNorm': {
        const { scale, shift } = this.#affine(layer);
        return { kind: 'scaleShift', ...ends, scale: Float32Array.from(scale), shift: Float32Array.from(shift) };
      }
      case 'activation':
        return { kind: 'activation', ...ends, activation: layer.activation };
      case 'maxPool':
      case 'avgPool':
        return { kind: layer.kind, ...ends, window: this.#windowOf(layer, layer.size, [1, 1]) };
      case 'globalAveragePool':
        return { kind: 'globalAverage', ...ends };
      case 'flatten':
        return { kind: 'flatten', ...ends };
      case 'add':
        return { kind: 'add', ...ends, other };
      case 'subsamplePad': {
        const before = channelsBefore(layer, this.#tensors[input].channels);
        return { kind: 'subsamplePad', ...ends, stride: layer.stride, before };
      }
      default:
        throw new Error(`Layer ${layer.name} of kind ${layer.kind} is always part of a product.`);
    }
  }

  #windowOf(layer: Conv2d | Pool, size: readonly [number, number], dilation: readonly [number, number]): Window {
    const input = this.#shapes.get(layer.inputs[0])!;
    const before = (axis: 0 | 1) =>
      paddingBefore(input[axis], size[axis], layer.strides[axis], dilation[axis], layer.padding);
    return { size, strides: layer.strides, dilation, top: before(0), left: before(1) };
  }

  #parameter(name: string) {
    const parameter = this.#parameters[name];
    if (!parameter) throw new Error(`${this.#network.name} needs ${name}, which is not among the parameters.`);
    return parameter;
  }

  /** A vector with its masked values as zeros. */
  #masked(name: string): Float32Array {
    const mask = this.#masks[name];
    const { values } = this.#parameter(name);
    return mask ? values.map((value, i) => (mask[i] === 0 ? 0 : value)) : values.slice();
  }
}

const unitWindow: Window = { size: [1, 1], strides: [1, 1], dilation: [1, 1], top: 0, left: 0 };
