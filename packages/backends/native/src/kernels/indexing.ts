// Kernels that go by indices. C++: cc/layout/indexing.cc.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { NumericType } from '../backend.ts';
import { isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

const isFourBytes = (x: TensorInfo): boolean => x.dtype === 'float32' || x.dtype === 'int32';

const gatherV2: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
  // The indices are checked here, so they must be known: a step that gathers is not captured.
  if (!isFourBytes(x) || indices.dtype !== 'int32' || backend.recorder) return fallback();
  const axis = util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const last = x.shape[axis]! - 1;
  for (const index of backend.dataOf(indices.dataId).values as Int32Array) {
    util.assert(index >= 0 && index <= last, () => `GatherV2: the index value ${index} is not in [0, ${last}]`);
  }
  const info = backend_util.segment_util.collectGatherOpShapeInfo(
    x as never,
    indices as never,
    axis,
    attrs.batchDims ?? 0,
  );
  const out = backend.output(info.outputShape, x.dtype as NumericType);
  const count = sizeOf(indices.shape) / info.batchSize;
  const { batchSize: batches, outerSize: outer, dimSize: rows, sliceSize: width } = info;
  if (sizeOf(out.shape) > 0) backend.invoke('TakeRows', { x, indices, out }, { batches, outer, rows, width, count });
  return out;
};

const unsortedSegmentSum: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const fits = segmentIds.shape.length === 1 && segmentIds.shape[0] === x.shape[0];
  if (!isFloat(x) || segmentIds.dtype !== 'int32' || !fits) return fallback();
  const inner = x.shape.slice(1);
  const out = backend.output([attrs.numSegments, ...inner]);
  const numbers = { rows: x.shape[0]!, width: sizeOf(inner), count: attrs.numSegments };
  backend.invoke('SumSegments', { x, segments: segmentIds, out }, numbers);
  return out;
};

const oneHot: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { indices } = required(inputs, 'indices');
  const { depth, onValue, offValue, dtype } = attrs;
  if (indices.dtype !== 'int32' || (dtype !== 'float32' && dtype !== 'int32')) return fallback();
  const out = backend.output([...indices.shape, depth], dtype);
  const numbers = { count: sizeOf(indices.shape), depth, on: onValue, off: offValue, integer: dtype === 'int32' };
  backend.invoke('OneHot', { indices, out }, numbers);
  return out;
};

export const indexingKernels: Kernels = {
  GatherV2: gatherV2,
  UnsortedSegmentSum: unsortedSegmentSum,
  OneHot: oneHot,
};
