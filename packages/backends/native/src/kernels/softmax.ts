// Softmax and the cross-entropy. C++: cc/softmax.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { assertFloats, isFloat, type KernelBody, type Kernels, sizeOf } from './kernel.ts';

const softmax =
  (logarithm: number): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const logits = inputs.logits!;
    const rank = logits.shape.length;
    const axis = attrs.dim ?? attrs.axis ?? -1;
    if (!isFloat(logits) || (axis !== rank - 1 && axis !== -1)) return fallback();
    const out = backend.output(logits.shape);
    const classes = logits.shape[rank - 1] ?? 1;
    backend.invoke('Softmax', [logits, out], [sizeOf(logits.shape.slice(0, -1)), classes, logarithm]);
    return out;
  };

/** Inputs logits [N, C], labels int32 [N]; outputs the mean loss and its gradient with respect to the logits. */
const softmaxCrossEntropy: KernelBody = ({ backend, inputs }) => {
  const { logits, labels } = inputs as Record<string, TensorInfo>;
  const [rows, classes] = logits!.shape as [number, number];
  assertFloats('SoftmaxCrossEntropy', rows * classes, { logits });
  if (labels!.dtype !== 'int32' || sizeOf(labels!.shape) !== rows) {
    const given = `${labels!.dtype} [${labels!.shape}]`;
    throw new Error(`SoftmaxCrossEntropy wants ${rows} int32 labels, got ${given}.`);
  }
  const loss = backend.output([]);
  const gradient = backend.output(logits!.shape);
  backend.invoke('SoftmaxCrossEntropy', [logits, labels, loss, gradient], [rows, classes]);
  return [loss, gradient];
};

export const softmaxKernels: Kernels = {
  Softmax: softmax(0),
  LogSoftmax: softmax(1),
  SoftmaxCrossEntropy: softmaxCrossEntropy,
};
