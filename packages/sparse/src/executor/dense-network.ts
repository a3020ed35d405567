import { CannotCapture, type CapturedStep, captureStep } from '@prunebench/backend-native';
import { applyMasks, type Masks, type Network, type ParameterRecord } from '@prunebench/core';
import { forward, TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/** A network that takes batches. */
export interface Runner {
  /** [images, ...inputShape] -> [images, outputs], as a new array. */
  run(batch: Float32Array): Float32Array;
  dispose(): void;
}

/**
 * The masked network on the dense kernels of the native backend, recorded once for batches of this size: what evaluation runs.
 * The backend must be selected.
 */
export function denseNetwork(network: Network, parameters: ParameterRecord, masks: Masks, batchSize: number): Runner {
  using scope = new TensorScope();
  const tensors = Object.fromEntries(
    Object.entries(applyMasks(parameters, masks)).map(([name, { values, shape }]) => [
      name,
      scope.own(tf.keep(tf.tensor(values.slice(), [...shape], 'float32'))),
    ]),
  );
  const shape = [batchSize, ...network.inputShape];
  const body = ([x]: tf.Tensor[]) => [forward(network, tensors, x)];
  let step: CapturedStep | undefined;
  try {
    using recording = new TensorScope();
    step = captureStep(body, [recording.own(tf.zeros(shape))]);
  } catch (error) {
    if (!(error instanceof CannotCapture)) throw error;
  }
  const owned = scope.move();
  return {
    run: (batch) => {
      if (step) {
        const [outputs] = step.run(batch);
        if (outputs instanceof Float32Array) return outputs;
        throw new Error(`Network ${network.name} has outputs that are not float32.`);
      }
      return tf.tidy<Float32Array>(() => body([tf.tensor(batch, shape)])[0].dataSync<'float32'>());
    },
    dispose() {
      step?.dispose();
      owned.dispose();
    },
  };
}
