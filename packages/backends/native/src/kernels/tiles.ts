// Layers over tiles [tile][channel][row][column][lane], whose lanes are images. C++: cc/tile-layout.cc, cc/tile-norm.cc.
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

function normNumbers(x: TensorInfo, images: number, last: number | boolean): number[] {
  const [tiles, channels, height, width] = x.shape as [number, number, number, number];
  return [tiles, channels, height * width, images, Number(last)];
}

/** Inputs x, gamma, beta; attributes images, epsilon. Outputs: x, mean, variance, scale, shift, with which to read x normalized. */
const moments: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, gamma, beta } = inputs as Record<string, TensorInfo>;
  const channels = x!.shape[1]!;
  imageNumbers('TileMoments', backend, x!, attrs.images);
  assertFloats('TileMoments', channels, { gamma, beta });
  const made = [0, 1, 2].map(() => backend.output([channels]));
  backend.invoke('TileMoments', [x, gamma, ...made], normNumbers(x!, attrs.images, attrs.epsilon));
  return [backend.alias(x!), ...made, backend.alias(beta!)];
};

/** Inputs g (the gradient of x normalized), x, mean, variance, scale, dScale, dShift; outputs: gradients of x and gamma. */
const momentsGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { g, x, mean, variance, scale, dScale, dShift } = inputs as Record<string, TensorInfo>;
  const channels = x!.shape[1]!;
  imageNumbers('TileMomentsGrad', backend, x!, attrs.images);
  assertFloats('TileMomentsGrad', sizeOf(x!.shape), { g });
  assertFloats('TileMomentsGrad', channels, { mean, variance, scale, dScale, dShift });
  const made = [backend.output(x!.shape), backend.output([channels])];
  const operands = [g, x, mean, variance, scale, dScale, dShift, ...made];
  backend.invoke('TileMomentsGrad', operands, normNumbers(x!, attrs.images, attrs.epsilon));
  return made;
};

/** Inputs x, mean, scale, shift, optional residual; attributes images, relu. */
const normalize: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, mean, scale, shift, residual } = inputs as Record<string, TensorInfo>;
  imageNumbers('TileNormalize', backend, x!, attrs.images);
  assertFloats('TileNormalize', sizeOf(x!.shape), { residual });
  assertFloats('TileNormalize', x!.shape[1]!, { mean, scale, shift });
  const y = backend.output(x!.shape);
  backend.invoke('TileNormalize', [x, mean, scale, shift, residual, y], normNumbers(x!, attrs.images, attrs.relu));
  return y;
};

/** Inputs as of `TileNormalize`, and dy. Outputs: the gradient of x normalized, which is the residual's too; those of scale and shift. */
const normalizeGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { dy, x, mean, scale, shift, residual } = inputs as Record<string, TensorInfo>;
  const channels = x!.shape[1]!;
  imageNumbers('TileNormalizeGrad', backend, x!, attrs.images);
  assertFloats('TileNormalizeGrad', sizeOf(x!.shape), { dy, residual });
  assertFloats('TileNormalizeGrad', channels, { mean, scale, shift });
  const made = [backend.output(x!.shape), backend.output([channels]), backend.output([channels])];
  const operands = [dy, x, mean, scale, shift, residual, ...made];
  backend.invoke('TileNormalizeGrad', operands, normNumbers(x!, attrs.images, attrs.relu));
  return made;
};

export const tileKernels: Kernels = {
  ImagesToTiles: imagesToTiles,
  TilesToImages: tilesToImages,
  TileGlobalAverage: globalAverage,
  TileGlobalAverageGrad: globalAverageGrad,
  TileSubsamplePad: subsamplePad,
  TileSubsamplePadGrad: subsamplePadGrad,
  TileMoments: moments,
  TileMomentsGrad: momentsGrad,
  TileNormalize: normalize,
  TileNormalizeSum: normalize,
  TileNormalizeGrad: normalizeGrad,
};
