// Layers over tiles [tile][channel][row][column][lane], whose lanes are images. C++: cc/tile-layout.cc, cc/tile-batch-norm.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend } from '../backend.ts';
import { assertFloats, type KernelBody, type Kernels, sizeOf } from './kernel.ts';

function tileShape(backend: NativeBackend, images: number, rest: readonly number[]): number[] {
  const { lanes } = backend.addon;
  return [Math.ceil(images / lanes), ...rest, lanes];
}

/** x [images, height, width, channels]; lanes behind the last image are 0. */
const imagesToTiles: KernelBody = ({ backend, inputs }) => {
  const x = inputs.x!;
  const [images, height, width, channels] = x.shape as [number, number, number, number];
  assertFloats('ImagesToTiles', sizeOf(x.shape), { x });
  const out = backend.output(tileShape(backend, images, [channels, height, width]));
  backend.invoke('ImagesToTiles', [x, out], [images, height, width, channels]);
  return out;
};

/** [images, height, width, channels] of a tile tensor, as the kernels want it. */
function imageNumbers(kernel: string, backend: NativeBackend, x: TensorInfo, images: number): number[] {
  const [tiles, channels, height, width] = x.shape as [number, number, number, number];
  const shape = tileShape(backend, images, [channels, height, width]);
  if (tiles !== shape[0]) throw new Error(`${kernel}: ${tiles} tiles do not hold ${images} images.`);
  assertFloats(kernel, sizeOf(shape), { x });
  return [images, height, width, channels];
}

const tilesToImages: KernelBody = ({ backend, inputs, attrs }) => {
  const x = inputs.x!;
  const numbers = imageNumbers('TilesToImages', backend, x, attrs.images);
  const out = backend.output(numbers);
  backend.invoke('TilesToImages', [x, out], numbers);
  return out;
};

/** Output [channels, images]. */
const globalAverage: KernelBody = ({ backend, inputs, attrs }) => {
  const x = inputs.x!;
  const numbers = imageNumbers('TileGlobalAverage', backend, x, attrs.images);
  const out = backend.output([x.shape[1]!, attrs.images]);
  backend.invoke('TileGlobalAverage', [x, out], numbers);
  return out;
};

/** Input dy [channels, images]; attributes height, width. */
const globalAverageGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const dy = inputs.dy!;
  const [channels, images] = dy.shape as [number, number];
  assertFloats('TileGlobalAverageGrad', channels * images, { dy });
  const out = backend.output(tileShape(backend, images, [channels, attrs.height, attrs.width]));
  backend.invoke('TileGlobalAverageGrad', [dy, out], [images, attrs.height, attrs.width, channels]);
  return out;
};

/** Attributes images, stride, channels (of the output). */
const subsamplePad: KernelBody = ({ backend, inputs, attrs }) => {
  const x = inputs.x!;
  const { images, stride, channels } = attrs;
  const numbers = imageNumbers('TileSubsamplePad', backend, x, images);
  const [height, width] = x.shape.slice(2, 4).map((size) => Math.floor((size - 1) / stride) + 1);
  const out = backend.output(tileShape(backend, images, [channels, height!, width!]));
  backend.invoke('TileSubsamplePad', [x, out], [...numbers, stride, channels]);
  return out;
};

/** Attributes images, stride, shape (of the forward pass's input). */
const subsamplePadGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const dy = inputs.dy!;
  const { images, stride } = attrs;
  imageNumbers('TileSubsamplePadGrad', backend, dy, images);
  const out = backend.output([...attrs.shape]);
  const numbers = imageNumbers('TileSubsamplePadGrad', backend, out, images);
  backend.invoke('TileSubsamplePadGrad', [dy, out], [...numbers, stride, dy.shape[1]!]);
  return out;
};

function normNumbers(x: TensorInfo, { images, epsilon, relu }: Record<string, number>): number[] {
  const [tiles, channels, height, width] = x.shape as [number, number, number, number];
  return [tiles, channels, height * width, images!, epsilon!, Number(relu)];
}

/** As BatchNormTraining, over tiles; attribute images besides. */
const batchNorm: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, gamma, beta, residual } = inputs as Record<string, TensorInfo>;
  const channels = x!.shape[1]!;
  imageNumbers('TileBatchNormTraining', backend, x!, attrs.images);
  assertFloats('TileBatchNormTraining', sizeOf(x!.shape), { residual });
  assertFloats('TileBatchNormTraining', channels, { gamma, beta });
  const outputs = [backend.output(x!.shape), backend.output([channels]), backend.output([channels])];
  backend.invoke('TileBatchNormTraining', [x, gamma, beta, residual, ...outputs], normNumbers(x!, attrs));
  return outputs;
};

const batchNormGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { dy, x, y, gamma, beta, mean, variance } = inputs as Record<string, TensorInfo>;
  const channels = x!.shape[1]!;
  assertFloats('TileBatchNormTrainingGrad', sizeOf(x!.shape), { dy, y });
  assertFloats('TileBatchNormTrainingGrad', channels, { gamma, beta, mean, variance });
  const outputs = [backend.output(x!.shape), backend.output([channels]), backend.output([channels])];
  if (attrs.residual) outputs.push(backend.output(x!.shape));
  // Without a residual, y's sign follows from x.
  const saved = [dy, x, attrs.residual ? y : null, gamma, beta, mean, variance];
  const operands = [...saved, ...outputs.slice(0, 3), outputs[3] ?? null];
  backend.invoke('TileBatchNormTrainingGrad', operands, normNumbers(x!, attrs));
  return outputs;
};

export const tileKernels: Kernels = {
  ImagesToTiles: imagesToTiles,
  TilesToImages: tilesToImages,
  TileGlobalAverage: globalAverage,
  TileGlobalAverageGrad: globalAverageGrad,
  TileSubsamplePad: subsamplePad,
  TileSubsamplePadGrad: subsamplePadGrad,
  TileBatchNormTraining: batchNorm,
  TileBatchNormTrainingGrad: batchNormGrad,
};
