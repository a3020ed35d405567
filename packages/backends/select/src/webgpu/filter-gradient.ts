import * as tf from '@tensorflow/tfjs-core';
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
      const { dataFormat, filterShape, strides, pad, dimRoundingMode } =
        params.attrs as unknown as tf.Conv2DBackpropFilterAttrs;
      if (dataFormat !== 'NHWC') return original(params);
      const { x, dy } = params.inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
      const shape = x.shape as [number, number, number, number];
      const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
      const backend = params.backend as ProgramRunner;
      return sumOfParts(backend, partialSums(backend, x, dy, geometry), geometry.filterShape);
    },
  });
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
