import * as tf from '@tensorflow/tfjs-core';
import { givenInputs, programRunner } from './kernel-call.ts';
import { type ProgramRunner, runElementwise, sumOfParts } from './program.ts';

/** Enough to keep a large GPU busy; the partial sums of so many threads are 1 MB. */
const WANTED_THREADS = 2 ** 18;

/**
 * tfjs computes a convolution's filter gradient with one thread per weight, each of which walks through all images: of the small
 * filters of a ResNet those are too few threads for a GPU. Here the rows of the images are shared out as well.
 */
export function shareOutFilterGradient(backendName: string): void {
  const { kernelFunc: original } = tf.getKernel(tf.Conv2DBackpropFilter, backendName);
  tf.unregisterKernel(tf.Conv2DBackpropFilter, backendName);
  tf.registerKernel({
    kernelName: tf.Conv2DBackpropFilter,
    backendName,
    kernelFunc(params) {
      const { attrs } = params;
      if (!isOfChannelsLast(attrs)) return original(params);
      const { filterShape, strides, pad, dimRoundingMode } = attrs;
      const { x, dy } = givenInputs(params.inputs);
      const [images, height, width, channels] = x.shape;
      const geometry = tf.backend_util.computeConv2DInfo(
        [images, height, width, channels],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const backend = programRunner(params.backend);
      return sumOfParts(backend, partialSums(backend, x, dy, geometry), geometry.filterShape);
    },
  });
}

function isOfChannelsLast(
  attrs: tf.NamedAttrMap | undefined,
): attrs is tf.NamedAttrMap & tf.Conv2DBackpropFilterAttrs & { dataFormat: 'NHWC' } {
  return (
    attrs?.dataFormat === 'NHWC' &&
    Array.isArray(attrs.filterShape) &&
    attrs.filterShape.length === 4 &&
    (typeof attrs.strides === 'number' || Array.isArray(attrs.strides)) &&
    (['same', 'valid'].some((pad) => pad === attrs.pad) || typeof attrs.pad === 'number' || Array.isArray(attrs.pad))
  );
}

/** From x [batch, height, width, channels] and dy like the convolution's output to [parts, weights]. */
function partialSums(
  backend: ProgramRunner,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const weights = tf.util.sizeFromShape(geometry.filterShape);
  const rows = geometry.batchSize * geometry.outHeight;
  const rowsPerPart = Math.ceil(rows / Math.max(1, Math.min(rows, Math.ceil(WANTED_THREADS / weights))));
  return runElementwise(backend, {
    name: 'filterGradientInParts',
    outputShape: [Math.ceil(rows / Math.max(1, rowsPerPart)), weights],
    inputs: { x, dy },
    integers: {
      rows,
      rowsPerPart,
      weights,
      outHeight: geometry.outHeight,
      outWidth: geometry.outWidth,
      outChannels: geometry.outChannels,
      inHeight: geometry.inHeight,
      inWidth: geometry.inWidth,
      inChannels: geometry.inChannels,
      filterWidth: geometry.filterWidth,
      strideHeight: geometry.strideHeight,
      strideWidth: geometry.strideWidth,
      top: geometry.padInfo.top,
      left: geometry.padInfo.left,
    },
    body: `
      let part = index / uniforms.weights;
      let weight = index % uniforms.weights;
      let outChannel = weight % uniforms.outChannels;
      let inChannel = weight / uniforms.outChannels % uniforms.inChannels;
      let tap = weight / (uniforms.outChannels * uniforms.inChannels);
      let tapRow = tap / uniforms.filterWidth - uniforms.top;
      let tapColumn = tap % uniforms.filterWidth - uniforms.left;
      let end = min(uniforms.rows, (part + 1) * uniforms.rowsPerPart);
      var sum = 0.0;
      for (var row = part * uniforms.rowsPerPart; row < end; row++) {
        let image = row / uniforms.outHeight;
        let inRow = row % uniforms.outHeight * uniforms.strideHeight + tapRow;
        if (inRow < 0 || inRow >= uniforms.inHeight) { continue; }
        let inRowStart = (image * uniforms.inHeight + inRow) * uniforms.inWidth;
        for (var column = 0; column < uniforms.outWidth; column++) {
          let inColumn = column * uniforms.strideWidth + tapColumn;
          if (inColumn < 0 || inColumn >= uniforms.inWidth) { continue; }
          sum += x[(inRowStart + inColumn) * uniforms.inChannels + inChannel]
            * dy[(row * uniforms.outWidth + column) * uniforms.outChannels + outChannel];
        }
      }
      return sum;`,
  });
}
