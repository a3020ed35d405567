import { type Batch, INPUT, type Layer, type Network, outputLayer } from '@prunebench/core';
import { type ForwardHooks, forward, ofRank, type ParameterTensors, TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { outputLoss } from '../output-loss.ts';
import { applyLayer, batchTensor } from '../tensors.ts';
import { squaredAveragePool } from './squared-average-pool.ts';

// The second-derivative back-propagation of optimal brain damage. With a = Σ w z and z = f(a),
//
//     ∂²E/∂w² = z² ∂²E/∂a²          ∂²E/∂z_j² = Σ_i w_ij² ∂²E/∂a_i²          ∂²E/∂a² = f'(a)² ∂²E/∂z² + f''(a) ∂E/∂z
//
// (equations 6 to 9; the paper prints the last sign as -, which contradicts its own definitions). Dropping the f'' term is its
// Levenberg-Marquardt form. Every linear layer is thus back-propagated with squared inputs or squared coefficients, and
// first-order automatic differentiation of the layer itself does that: nested gradients are not used, because tfjs gets them
// wrong without a word. Kernel weights of a convolution are shared by positions and add up over them (the paper's V_k).
//
// Beyond the paper, with the same diagonal approximation: batch norm in evaluation mode is an affine map; max pooling hands h
// to the winner; average pooling has coefficients 1/count; where a tensor feeds several branches (residual blocks) their h
// add up, and the cross term between branches is dropped.

type Form = 'levenberg-marquardt' | 'full';

/** h = ∂²E/∂y² and g = ∂E/∂y of a layer's output y; g only where the full form needs it. */
interface Signal {
  readonly h: tf.Tensor;
  readonly g: tf.Tensor | undefined;
}

/** Adds Σ over the batch's examples of ∂²E/∂w² to `sums`, by kernel name. */
export async function addRecursionCurvature(
  network: Network,
  parameters: ParameterTensors,
  batch: Batch,
  form: Form,
  sums: Readonly<Record<string, Float64Array>>,
): Promise<void> {
  using scope = new TensorScope();
  const inputs = new Map<string, tf.Tensor[]>();
  const capture: ForwardHooks = {
    layer(layer, tensors, next) {
      inputs.set(
        layer.name,
        tensors.map((tensor) => scope.own(tf.keep(tf.clone(tensor)))),
      );
      return next();
    },
  };
  const output = scope.make(() => forward(network, parameters, batchTensor(network, batch), { hooks: [capture] }));
  const outputs = Float32Array.from(await output.data());
  const labelled = { outputs, labels: batch.y, units: outputs.length / batch.size };
  const loss = outputLoss(network);
  const kernels = scope.make(() => {
    const start: Signal = {
      h: tf.tensor(loss.curvature(labelled), output.shape),
      g: form === 'full' ? tf.tensor(loss.gradient(labelled), output.shape) : undefined,
    };
    return walkBack(network, parameters, inputs, start);
  });
  for (const [name, tensor] of Object.entries(kernels)) {
    const values = await tensor.data();
    for (let i = 0; i < values.length; i++) sums[name][i] += values[i];
  }
}

/** From the last layer to the first; returns Σ ∂²E/∂w² by kernel name. */
function walkBack(
  network: Network,
  parameters: ParameterTensors,
  inputs: ReadonlyMap<string, readonly tf.Tensor[]>,
  start: Signal,
): Record<string, tf.Tensor> {
  const kernels: Record<string, tf.Tensor> = {};
  const signals = new Map<string, Signal>([[outputLayer(network).name, start]]);
  for (const layer of network.layers.toReversed()) {
    const signal = signals.get(layer.name);
    if (!signal) continue;
    const layerInputs = inputs.get(layer.name)!;
    if (layer.kind === 'dense' || layer.kind === 'conv2d')
      kernels[`${layer.name}/kernel`] = kernelCurvature(layer, layerInputs[0], parameters, signal.h);
    for (const [i, name] of layer.inputs.entries()) {
      if (name === INPUT) continue;
      const part = inputSignal(layer, layerInputs, i, parameters, signal);
      const sum = signals.get(name);
      signals.set(
        name,
        sum ? { h: tf.add(sum.h, part.h), g: part.g && sum.g ? tf.add(sum.g, part.g) : undefined } : part,
      );
    }
  }
  return kernels;
}

/** Σ over examples and positions of z² h. */
function kernelCurvature(layer: Layer, x: tf.Tensor, parameters: ParameterTensors, h: tf.Tensor): tf.Tensor {
  const name = `${layer.name}/kernel`;
  return tf.grad((kernel) => alone(layer, { [name]: kernel }, [tf.square(x)]))(parameters[name], h);
}

/** What a layer's output signal means for its input number `index`. */
function inputSignal(
  layer: Layer,
  inputs: readonly tf.Tensor[],
  index: number,
  parameters: ParameterTensors,
  { h, g }: Signal,
): Signal {
  const [x] = inputs;
  switch (layer.kind) {
    case 'dense':
    case 'conv2d': {
      const name = `${layer.name}/kernel`;
      const back = (kernel: tf.Tensor, dy: tf.Tensor) => tf.grad((z) => alone(layer, { [name]: kernel }, [z]))(x, dy);
      return { h: back(tf.square(parameters[name]), h), g: g && back(parameters[name], g) };
    }
    case 'batchNorm': {
      const variance = tf.add(parameters[`${layer.name}/movingVariance`], layer.epsilon);
      const scale = tf.div(parameters[`${layer.name}/gamma`], tf.sqrt(variance));
      return { h: tf.mul(h, tf.square(scale)), g: g && tf.mul(g, scale) };
    }
    case 'activation':
      return throughActivation(layer.activation, x, { h, g });
    case 'avgPool':
      return squaredAveragePool(layer, ofRank(x, 4), h, g);
    case 'globalAveragePool': {
      const pixels = x.shape[1]! * x.shape[2]!;
      const spread = (dy: tf.Tensor, weight: number) =>
        tf.mul(tf.reshape(dy, [x.shape[0], 1, 1, x.shape[3]!]), tf.fill(x.shape, weight));
      return { h: spread(h, 1 / pixels ** 2), g: g && spread(g, 1 / pixels) };
    }
    // Coefficients 0 and 1: squaring changes nothing.
    case 'maxPool':
    case 'flatten':
    case 'subsamplePad':
    case 'dropout':
    case 'add': {
      const back = (dy: tf.Tensor) =>
        tf.grad((z) =>
          alone(
            layer,
            {},
            inputs.map((input, i) => (i === index ? z : input)),
          ),
        )(inputs[index], dy);
      return { h: back(h), g: g && back(g) };
    }
  }
}

function throughActivation(kind: 'relu' | 'tanh' | 'sigmoid', a: tf.Tensor, { h, g }: Signal): Signal {
  if (kind === 'relu') {
    const slope = tf.step(a);
    return { h: tf.mul(h, slope), g: g && tf.mul(g, slope) };
  }
  const y = kind === 'tanh' ? tf.tanh(a) : tf.sigmoid(a);
  const slope = kind === 'tanh' ? tf.sub(1, tf.square(y)) : tf.mul(y, tf.sub(1, y));
  const kept = tf.mul(h, tf.square(slope));
  if (!g) return { h: kept, g };
  const bend = tf.mul(slope, kind === 'tanh' ? tf.mul(y, -2) : tf.sub(1, tf.mul(y, 2)));
  return { h: tf.add(kept, tf.mul(bend, g)), g: tf.mul(g, slope) };
}

/** The layer's own computation on other inputs and parameters, without its bias. */
function alone(layer: Layer, parameters: ParameterTensors, inputs: readonly tf.Tensor[]): tf.Tensor {
  if (layer.kind === 'add') return tf.add(inputs[0], inputs[1]);
  const linear = layer.kind === 'dense' || layer.kind === 'conv2d' ? { ...layer, useBias: false } : layer;
  return applyLayer(linear, inputs[0], parameters);
}
