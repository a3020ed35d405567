import * as tf from '@tensorflow/tfjs-core';

/** What tf.customGrad gives its function: the tensors, then what saves others for the gradient. */
export function gradientArguments(args: readonly (tf.Tensor | tf.GradSaveFunc)[]): {
  readonly tensors: readonly tf.Tensor[];
  readonly save: tf.GradSaveFunc;
} {
  const tensors = args.filter((each) => each instanceof tf.Tensor);
  const save = args.at(-1);
  if (typeof save !== 'function') throw new Error('tf.customGrad: nothing saves tensors for the gradient');
  return { tensors, save };
}
