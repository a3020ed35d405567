import { type Batch, type Network, prunableSpecs, type Subject } from '@prunebench/core';
import { lossOf, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { KernelGradients, LossOptions } from './gradients.ts';
import { tangentForward } from './tangent.ts';
import { aliveTensors, batchTensor, byName } from './tensors.ts';

/**
 * The product of the loss's Hessian (over the kernels) with a vector, averaged over the examples of the batches, at the
 * weights as they act. It is exact up to rounding: the gradient of the directional derivative,
 *
 *     H v = ∂/∂w (∂L(w + ε v)/∂ε),
 *
 * with the directional derivative written out by `tangentForward`, so that nothing is differentiated twice: tfjs's
 * gradient of a gradient is wrong for several operations, and missing for convolutions.
 *
 * @param vector by kernel name
 */
export async function hessianVectorProduct(
  subject: Pick<Subject, 'network' | 'parameters' | 'masks'>,
  vector: KernelGradients,
  batches: Iterable<Batch>,
  loss: LossOptions = {},
): Promise<KernelGradients> {
  const specs = prunableSpecs(subject.network);
  const kernels = specs.map(({ name }) => name);
  const products = Object.fromEntries(kernels.map((name) => [name, new Float64Array(vector[name].length)]));
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  const direction = scope.make(() =>
    Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(Float32Array.from(vector[name]), [...shape])])),
  );
  let examples = 0;
  for (const batch of batches) {
    const gradients = tidy(() => {
      const derivative = (...weights: tf.Tensor[]) =>
        directionalDerivative(subject.network, { ...parameters, ...byName(kernels, weights) }, direction, batch, loss);
      return tf.grads(derivative)(kernels.map((name) => parameters[name]));
    });
    for (const [k, part] of (await takeValues(gradients)).entries())
      for (let i = 0; i < part.length; i++) products[kernels[k]][i] += part[i] * batch.size;
    examples += batch.size;
  }
  for (const product of Object.values(products)) for (let i = 0; i < product.length; i++) product[i] /= examples;
  return products;
}

/** dL / d epsilon, averaged over the batch: the loss's gradient in the outputs times the outputs' tangent. */
function directionalDerivative(
  network: Network,
  parameters: Record<string, tf.Tensor>,
  direction: Record<string, tf.Tensor>,
  batch: Batch,
  { temperature = 1, statistics = 'batch' }: LossOptions,
): tf.Scalar {
  const { y, size } = batch;
  const { value, tangent } = tangentForward(network, parameters, direction, batchTensor(network, batch), statistics);
  const outputs = tf.div(value, temperature);
  const slopes = lossOf(network).slopes(outputs, tf.tensor1d(y, 'int32'));
  return tf.div(tf.sum(tf.mul(slopes, tangent)), temperature * size);
}
