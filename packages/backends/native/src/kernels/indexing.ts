// Kernels that go by indices. C++: cc/layout/indexing.cc.
import { backend_util, util } from '@tensorflow/tfjs-core';
import { isNumericType } from '../backend.ts';
import { axisOf, numberOf } from './attributes.ts';
import { isFloat, isFourBytes, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

const gatherV2: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, indices } = required(inputs, 'x', 'indices');
  // The indices are checked here, so they must be known: a step that gathers is not captured.
  if (!isFourBytes(x) || indices.dtype !== 'int32' || backend.recorder) return fallback();
  const { values } = backend.dataOf(indices.dataId);
  if (!(values instanceof Int32Array)) return fallback();
  const axis = axisOf(attrs.axis, 'axis', x.shape);
  const last = x.shape[axis]! - 1;
  for (const index of values) {
    util.assert(index >= 0 && index <= last, () => `GatherV2: the index value ${index} is not in [0, ${last}]`);
  }
  const batchDimensions = numberOf(attrs.batchDims ?? 0, 'batchDims');
  const info = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, batchDimensions);
  const out = backend.output(info.outputShape, x.dtype);
  const count = sizeOf(indices.shape) / info.batchSize;
  const { batchSize: batches, outerSize: outer, dimSize: rows, sliceSize: width } = info;
  if (sizeOf(out.shape) > 0) backend.invoke('TakeRows', { x, indices, out }, { batches, outer, rows, width, count });
  return out;
};

const unsortedSegmentSum: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, segmentIds } = required(inputs, 'x', 'segmentIds');
  const fits = segmentIds.shape.length === 1 && segmentIds.shape[0] === x.shape[0];
  if (!isFloat(x) || segmentIds.dtype !== 'int32' || !fits) return fallback();
  const inner = x.shape.slice(1);
  const segments = numberOf(attrs.numSegments, 'numSegments');
  const out = backend.output([segments, ...inner]);
  const numbers = { rows: x.shape[0]!, width: sizeOf(inner), count: segments };
  backend.invoke('SumSegments', { x, segments: segmentIds, out }, numbers);
  return out;
};

const oneHot: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { indices } = required(inputs, 'indices');
  const { dtype } = attrs;
  if (indices.dtype !== 'int32' || !isNumericType(dtype) || dtype === 'bool') return fallback();
  const depth = numberOf(attrs.depth, 'depth');
  const out = backend.output([...indices.shape, depth], dtype);
  const [on, off] = [numberOf(attrs.onValue, 'onValue'), numberOf(attrs.offValue, 'offValue')];
  const numbers = { count: sizeOf(indices.shape), depth, on, off, integer: dtype === 'int32' };
  backend.invoke('OneHot', { indices, out }, numbers);
  return out;
};

export const indexingKernels: Kernels = {
  GatherV2: gatherV2,
  UnsortedSegmentSum: unsortedSegmentSum,
  OneHot: oneHot,
};
