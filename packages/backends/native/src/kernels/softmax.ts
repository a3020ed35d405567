// Softmax and the cross-entropy. C++: cc/reduce/softmax.cc.
import { assertFloats, isFloat, type KernelBody, type Kernels, matrixShape, required, sizeOf } from './kernel.ts';

const softmax =
  (logarithm: boolean): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const { logits } = required(inputs, 'logits');
    const rank = logits.shape.length;
    const axis = attrs.dim ?? attrs.axis ?? -1;
    if (!isFloat(logits) || (axis !== rank - 1 && axis !== -1)) return fallback();
    const out = backend.output(logits.shape);
    const classes = logits.shape[rank - 1] ?? 1;
    const rows = sizeOf(logits.shape.slice(0, -1));
    backend.invoke('Softmax', { logits, out }, { rows, classes, logarithm });
    return out;
  };

/** Inputs logits [N, C], labels int32 [N]; outputs the mean loss and its gradient with respect to the logits. */
const softmaxCrossEntropy: KernelBody = ({ backend, inputs }) => {
  const { logits, labels } = required(inputs, 'logits', 'labels');
  const [rows, classes] = matrixShape(logits);
  assertFloats('SoftmaxCrossEntropy', rows * classes, { logits });
  if (labels.dtype !== 'int32' || sizeOf(labels.shape) !== rows) {
    const given = `${labels.dtype} [${labels.shape}]`;
    throw new Error(`SoftmaxCrossEntropy wants ${rows} int32 labels, got ${given}.`);
  }
  const loss = backend.output([]);
  const dlogits = backend.output(logits.shape);
  backend.invoke('SoftmaxCrossEntropy', { logits, labels, loss, dlogits }, { rows, classes });
  return [loss, dlogits];
};

export const softmaxKernels: Kernels = {
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  SoftmaxCrossEntropy: softmaxCrossEntropy,
};
