import {
  applyMasks,
  type BatchNorm,
  INPUT,
  type Layer,
  type Network,
  prunableSpecs,
  type Subject,
} from '@prunebench/core';
import { parameterTensors, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { applyLayer, byName } from './tensors.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A tensor that stands for `value * 2^exponent`. */
type Scaled = {
  readonly value: tf.Tensor;
  readonly exponent: number;
};

/**
 * d R / d|w| * |w| for every kernel, up to one common factor, where
 *
 *     R = 1ᵀ (|W_L| ... |W_1|) 1
 *
 * is the flow of an input of ones through the absolute weights: no biases, no nonlinearities, batch norm as its scale
 * |gamma| / sqrt(variance + epsilon), pooling by the mean.
 *
 * R grows or shrinks by a factor per layer, beyond single precision in networks of some fifty layers. So every layer's
 * output is divided by a power of two that brings it near 1; the exponents are constants of the computation, read in a
 * first pass, kept beside the tensors and evened out where branches meet. That multiplies R, and with it every score, by
 * the same number.
 */
export async function synapticFlow(
  subject: Pick<Subject, 'network' | 'parameters' | 'masks'>,
): Promise<Readonly<Record<string, Float64Array>>> {
  const { network } = subject;
  const kernels = prunableSpecs(network).map(({ name }) => name);
  const parameters = applyMasks(subject.parameters, subject.masks);
  using scope = new TensorScope();
  const alive = scope.own(parameterTensors(parameters));
  const weights = scope.make(() => kernels.map((name) => tf.abs(alive[name])));
  const shifts = await shiftsOf(network, { ...alive, ...byName(kernels, weights) });
  const gradients = tidy(() => {
    const flow = (...strengths: tf.Tensor[]) =>
      flowThrough(network, { ...alive, ...byName(kernels, strengths) }, shifts);
    return tf.grads(flow)(weights);
  });
  const slopes = await takeValues(gradients);
  return Object.fromEntries(kernels.map((name, k) => [name, share(parameters[name].values, slopes[k])]));
}

/** |w| times the slope, in double precision: factors of very different size would underflow. */
function share(weights: Float32Array, slopes: Float32Array): Float64Array {
  const result = new Float64Array(weights.length);
  for (let i = 0; i < result.length; i++) result[i] = Math.abs(weights[i]) * slopes[i];
  return result;
}

/** By layer: s where dividing its output by 2^s brings the largest entry between 1 and 2; 0 where all are 0. */
async function shiftsOf(network: Network, parameters: Tensors): Promise<ReadonlyMap<string, number>> {
  using scope = new TensorScope();
  const outputs = new Map([[INPUT, scope.make(() => ones(network))]]);
  const shifts = new Map<string, number>();
  for (const layer of network.layers) {
    using passing = new TensorScope();
    const output = passing.make(() => copied(through(layer, outputs, parameters)));
    const [[largest]] = await takeValues([tf.max(output.value)]);
    const shift = largest === 0 ? 0 : Math.floor(Math.log2(largest));
    shifts.set(layer.name, shift);
    outputs.set(
      layer.name,
      scope.make(() => shifted(output, shift)),
    );
  }
  return shifts;
}

function flowThrough(network: Network, parameters: Tensors, shifts: ReadonlyMap<string, number>): tf.Scalar {
  const outputs = new Map([[INPUT, ones(network)]]);
  let last = outputs.get(INPUT)!;
  for (const layer of network.layers) {
    last = shifted(through(layer, outputs, parameters), shifts.get(layer.name)!);
    outputs.set(layer.name, last);
  }
  return tf.sum(last.value);
}

const ones = (network: Network): Scaled => ({ value: tf.ones([1, ...network.inputShape]), exponent: 0 });

/** A layer that does nothing gives its input itself, which others may read yet. */
const copied = ({ value, exponent }: Scaled): Scaled => ({ value: tf.clone(value), exponent });

function through(layer: Layer, outputs: ReadonlyMap<string, Scaled>, parameters: Tensors): Scaled {
  const inputs = layer.inputs.map((name) => outputs.get(name)!);
  if (layer.kind === 'add') return add(inputs);
  return { ...inputs[0], value: linear(layer, inputs[0].value, parameters) };
}

/** The layer without what would keep it from being linear and positive. */
function linear(layer: Layer, x: tf.Tensor, parameters: Tensors): tf.Tensor {
  switch (layer.kind) {
    case 'dense':
    case 'conv2d':
      return applyLayer({ ...layer, useBias: false }, x, parameters);
    case 'batchNorm':
      return tf.mul(x, batchNormScale(layer, parameters));
    case 'maxPool':
      // Which of several equal inputs a maximum takes is the backend's choice, and without data most are equal.
      return applyLayer({ ...layer, kind: 'avgPool' }, x, parameters);
    case 'activation':
    case 'dropout':
      return x;
    default:
      return applyLayer(layer, x, parameters);
  }
}

function batchNormScale({ name, epsilon }: BatchNorm, parameters: Tensors): tf.Tensor {
  const deviation = tf.sqrt(tf.add(parameters[`${name}/movingVariance`], epsilon));
  return tf.div(tf.abs(parameters[`${name}/gamma`]), deviation);
}

function add([a, b]: readonly Scaled[]): Scaled {
  const exponent = Math.max(a.exponent, b.exponent);
  const at = (branch: Scaled) => tf.mul(branch.value, 2 ** (branch.exponent - exponent));
  return { value: tf.add(at(a), at(b)), exponent };
}

/** The same number, its tensor divided by 2^shift. */
const shifted = ({ value, exponent }: Scaled, shift: number): Scaled => ({
  value: tf.mul(value, 2 ** -shift),
  exponent: exponent + shift,
});
