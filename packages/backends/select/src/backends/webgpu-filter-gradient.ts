import * as tf from '@tensorflow/tfjs-core';

/** What is used here of tfjs's WebGPU programs: the code for one element of the output, and over how many it is run. */
interface Program {
  readonly variableNames: readonly string[];
  readonly uniforms: string;
  readonly outputShape: readonly number[];
  readonly workgroupSize: readonly [number, number, number];
  readonly dispatchLayout: { readonly x: readonly number[] };
  readonly dispatch: readonly [number, number, number];
  readonly size: true;
  readonly shaderKey: string;
  getUserCode(): string;
}
interface ProgramRunner extends tf.KernelBackend {
  runWebGPUProgram(
    program: Program,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: readonly { readonly type: 'int32'; readonly data: readonly number[] }[],
  ): tf.TensorInfo;
}

const WORKGROUP = 64;
/** Enough to keep a large GPU busy; the partial sums of so many threads are 1 MB. */
const WANTED_THREADS = 2 ** 18;

/**
 * tfjs computes a convolution's filter gradient with one thread per weight, each of which walks through all images: of the small
 * filters of a ResNet those are too few threads for a GPU. Here the rows of the images are shared out as well, and the partial
 * sums are added in a fixed order, so that the same step gives the same weights (tfjs's own split products add atomically).
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
      return filterGradient(params.backend as ProgramRunner, x, dy, geometry);
    },
  });
}

function filterGradient(
  backend: ProgramRunner,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const weights = tf.util.sizeFromShape(geometry.filterShape);
  const rows = geometry.batchSize * geometry.outHeight;
  const rowsPerPart = Math.ceil(rows / Math.max(1, Math.min(rows, Math.ceil(WANTED_THREADS / weights))));
  const parts = Math.ceil(rows / Math.max(1, rowsPerPart));
  const numbers = [
    rows,
    rowsPerPart,
    geometry.outHeight,
    geometry.outWidth,
    geometry.inHeight,
    geometry.inWidth,
    geometry.inChannels,
    geometry.outChannels,
    geometry.filterWidth,
    geometry.strideHeight,
    geometry.strideWidth,
    geometry.padInfo.top,
    geometry.padInfo.left,
    weights,
  ];
  const partial = backend.runWebGPUProgram(partialSums([parts, weights]), [x, dy], 'float32', integers(numbers));
  const sum = backend.runWebGPUProgram(sumOfParts(geometry.filterShape), [partial], 'float32', integers([parts]));
  backend.disposeData(partial.dataId);
  return sum;
}

const integers = (numbers: readonly number[]) => numbers.map((number) => ({ type: 'int32', data: [number] }) as const);

/** From x [batch, height, width, channels] and dy like the convolution's output to [parts, weights]. */
function partialSums(outputShape: readonly number[]): Program {
  return flatProgram({
    shaderKey: 'filterGradientInParts',
    variableNames: ['x', 'dy'],
    uniforms:
      'rows : i32, rowsPerPart : i32, outHeight : i32, outWidth : i32, inHeight : i32, inWidth : i32, inChannels : i32, outChannels : i32, filterWidth : i32, strideHeight : i32, strideWidth : i32, top : i32, left : i32, weights : i32,',
    outputShape,
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
      setOutputAtIndex(index, sum);`,
  });
}

/** From [parts, weights] to the filter. */
function sumOfParts(outputShape: readonly number[]): Program {
  return flatProgram({
    shaderKey: 'filterGradientSumOfParts',
    variableNames: ['partial'],
    uniforms: 'parts : i32,',
    outputShape,
    body: `
      var sum = 0.0;
      for (var part = 0; part < uniforms.parts; part++) { sum += partial[part * uniforms.size + index]; }
      setOutputAtIndex(index, sum);`,
  });
}

/** A program that computes each element of its output on its own, from its `index`. */
function flatProgram(code: {
  readonly shaderKey: string;
  readonly variableNames: readonly string[];
  readonly uniforms: string;
  readonly outputShape: readonly number[];
  readonly body: string;
}): Program {
  const { body, ...program } = code;
  return {
    ...program,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: program.outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(tf.util.sizeFromShape([...program.outputShape]) / WORKGROUP), 1, 1],
    size: true,
    getUserCode: () => `fn main(index : i32) {
      if (index >= uniforms.size) { return; }
      ${body}
    }`,
  };
}
