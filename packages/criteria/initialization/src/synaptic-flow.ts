import { type BatchNorm, INPUT, type Layer, type Network, prunableSpecs, type Subject } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { byName } from './gradients.ts';
import { aliveTensors, applyLayer } from './layers.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** A tensor that stands for `value * 2^exponent`. */
interface Scaled {
  readonly value: tf.Tensor;
  readonly exponent: number;
}

/**
 * d R / d|w| * |w| for every kernel, up to one common factor, where
 *
 *     R = 1^T (|W_L| ... |W_1|) 1
 *
 * is the flow of an input of ones through the absolute weights: no biases, no nonlinearities, batch norm as its scale
 * |gamma| / sqrt(variance + epsilon), pooling by the mean.
 *
 * R grows or shrinks by a factor per layer, beyond single precision in networks of some fifty layers. So every layer's
 * output is divided by a power of two that brings it near 1; the exponents are constants of the computation, kept beside
 * the tensors and evened out where branches meet. That multiplies R, and with it every score, by the same number.
 */
export function synapticFlow(
  subject: Pick<Subject, 'network' | 'parameters' | 'masks'>,
): Readonly<Record<string, Float64Array>> {
  const { network } = subject;
  const kernels = prunableSpecs(network).map(({ name }) => name);
  const scores: Record<string, Float64Array> = {};
  tf.tidy(() => {
    const alive = aliveTensors(subject);
    const weights = kernels.map((name) => tf.abs(alive[name]));
    const flow = (...strengths: tf.Tensor[]) => flowThrough(network, { ...alive, ...byName(kernels, strengths) });
    const gradients = tf.grads(flow)(weights);
    kernels.forEach((name, k) => {
      scores[name] = product(weights[k], gradients[k]);
    });
  });
  return scores;
}

/** In double precision: factors of very different size would underflow. */
function product(a: tf.Tensor, b: tf.Tensor): Float64Array {
  const result = new Float64Array(a.dataSync());
  const other = b.dataSync();
  for (let i = 0; i < result.length; i++) result[i] *= other[i];
  return result;
}

function flowThrough(network: Network, parameters: Tensors): tf.Scalar {
  const outputs = new Map<string, Scaled>([[INPUT, { value: tf.ones([1, ...network.inputShape]), exponent: 0 }]]);
  let last = outputs.get(INPUT)!;
  for (const layer of network.layers) {
    const inputs = layer.inputs.map((name) => outputs.get(name)!);
    last = nearOne(
      layer.kind === 'add' ? add(inputs) : { ...inputs[0], value: linear(layer, inputs[0].value, parameters) },
    );
    outputs.set(layer.name, last);
  }
  return tf.sum(last.value);
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

/** The same number with its largest entry between 1 and 2; all zeros stay as they are. */
function nearOne({ value, exponent }: Scaled): Scaled {
  const [largest] = tf.max(value).dataSync();
  if (largest === 0) return { value, exponent };
  const shift = Math.floor(Math.log2(largest));
  return { value: tf.mul(value, 2 ** -shift), exponent: exponent + shift };
}
