// Layers over tiles [tile][channel][row][column][lane], whose lanes are images. C++: cc/tiles/.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend } from '../backend.ts';
import { type Attributes, numberOf, numbersOf } from './attributes.ts';
import {
  assertFloats,
  imageShape,
  type KernelBody,
  type Kernels,
  matrixShape,
  required,
  sizeOf,
  tileSizes,
} from './kernel.ts';

const imagesOf = ({ images }: Attributes): number => numberOf(images, 'images');
const epsilonOf = ({ epsilon }: Attributes): number => numberOf(epsilon, 'epsilon');

function tileShape(backend: NativeBackend, images: number, rest: readonly number[]): number[] {
  const { lanes } = backend.addon;
  return [Math.ceil(images / lanes), ...rest, lanes];
}

/** x [images, height, width, channels]; lanes behind the last image are 0. */
const imagesToTiles: KernelBody = ({ backend, inputs }) => {
  const { x } = required(inputs, 'x');
  const [images, height, width, channels] = imageShape(x.shape);
  assertFloats('ImagesToTiles', sizeOf(x.shape), { x });
  const tiles = backend.output(tileShape(backend, images, [channels, height, width]));
  backend.invoke('ImagesToTiles', { images: x, tiles }, { images, height, width, channels });
  return tiles;
};

/** The images in a tile tensor, as the kernels want it (TILED_IMAGES in C++). */
function imageNumbers(kernel: string, backend: NativeBackend, x: TensorInfo, images: number) {
  const [tiles, channels, height, width] = tileSizes(x);
  const shape = tileShape(backend, images, [channels, height, width]);
  if (tiles !== shape[0]) throw new Error(`${kernel}: ${tiles} tiles do not hold ${images} images.`);
  assertFloats(kernel, sizeOf(shape), { x });
  return { images, height, width, channels };
}

const tilesToImages: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const numbers = imageNumbers('TilesToImages', backend, x, imagesOf(attrs));
  const images = backend.output([numbers.images, numbers.height, numbers.width, numbers.channels]);
  backend.invoke('TilesToImages', { tiles: x, images }, numbers);
  return images;
};

/** Output [channels, images]. */
const globalAverage: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const numbers = imageNumbers('TileGlobalAverage', backend, x, imagesOf(attrs));
  const y = backend.output([numbers.channels, numbers.images]);
  backend.invoke('TileGlobalAverage', { x, y }, numbers);
  return y;
};

/** Input dy [channels, images]; attributes height, width. */
const globalAverageGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { dy } = required(inputs, 'dy');
  const [channels, images] = matrixShape(dy);
  assertFloats('TileGlobalAverageGrad', channels * images, { dy });
  const height = numberOf(attrs.height, 'height');
  const width = numberOf(attrs.width, 'width');
  const dx = backend.output(tileShape(backend, images, [channels, height, width]));
  backend.invoke('TileGlobalAverageGrad', { dy, dx }, { images, height, width, channels });
  return dx;
};

/** Attributes images, stride, channels (of the output). */
const subsamplePad: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const images = imagesOf(attrs);
  const stride = numberOf(attrs.stride, 'stride');
  const channels = numberOf(attrs.channels, 'channels');
  const numbers = imageNumbers('TileSubsamplePad', backend, x, images);
  const sampled = (size: number) => Math.floor((size - 1) / stride) + 1;
  const y = backend.output(tileShape(backend, images, [channels, sampled(numbers.height), sampled(numbers.width)]));
  backend.invoke('TileSubsamplePad', { x, y }, { ...numbers, stride, outChannels: channels });
  return y;
};

/** Attributes images, stride, shape (of the forward pass's input). */
const subsamplePadGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { dy } = required(inputs, 'dy');
  const images = imagesOf(attrs);
  const stride = numberOf(attrs.stride, 'stride');
  const { channels: outChannels } = imageNumbers('TileSubsamplePadGrad', backend, dy, images);
  const dx = backend.output([...numbersOf(attrs.shape, 'shape')]);
  const numbers = imageNumbers('TileSubsamplePadGrad', backend, dx, images);
  backend.invoke('TileSubsamplePadGrad', { dy, dx }, { ...numbers, stride, outChannels });
  return dx;
};

/** TILE_PLANES in C++. */
function planeNumbers(x: TensorInfo, images: number) {
  const [tiles, channels, height, width] = tileSizes(x);
  return { tiles, channels, pixels: height * width, images };
}

/** Inputs x, gamma, beta; attributes images, epsilon. Outputs: x, mean, variance, scale, shift, with which to read x normalized. */
const moments: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, beta } = required(inputs, 'x', 'beta');
  const { gamma } = inputs;
  const [, channels] = tileSizes(x);
  imageNumbers('TileMoments', backend, x, imagesOf(attrs));
  assertFloats('TileMoments', channels, { gamma, beta });
  const mean = backend.output([channels]);
  const variance = backend.output([channels]);
  const scale = backend.output([channels]);
  const numbers = { ...planeNumbers(x, imagesOf(attrs)), epsilon: epsilonOf(attrs) };
  backend.invoke('TileMoments', { x, gamma, mean, variance, scale }, numbers);
  return [backend.alias(x), mean, variance, scale, backend.alias(beta)];
};

/** Inputs g (the gradient of x normalized), x, mean, variance, scale, dScale, dShift; outputs: gradients of x and gamma. */
const momentsGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const { g, mean, variance, scale, dScale, dShift } = inputs;
  const [, channels] = tileSizes(x);
  imageNumbers('TileMomentsGrad', backend, x, imagesOf(attrs));
  assertFloats('TileMomentsGrad', sizeOf(x.shape), { g });
  assertFloats('TileMomentsGrad', channels, { mean, variance, scale, dScale, dShift });
  const dx = backend.output(x.shape);
  const dGamma = backend.output([channels]);
  const operands = { g, x, mean, variance, scale, dScale, dShift, dx, dGamma };
  backend.invoke('TileMomentsGrad', operands, { ...planeNumbers(x, imagesOf(attrs)), epsilon: epsilonOf(attrs) });
  return [dx, dGamma];
};

/** Inputs x, mean, scale, shift, optional residual; attributes images, relu. */
const normalize: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const { mean, scale, shift, residual } = inputs;
  imageNumbers('TileNormalize', backend, x, imagesOf(attrs));
  assertFloats('TileNormalize', sizeOf(x.shape), { residual });
  assertFloats('TileNormalize', tileSizes(x)[1], { mean, scale, shift });
  const y = backend.output(x.shape);
  const numbers = { ...planeNumbers(x, imagesOf(attrs)), relu: Boolean(attrs.relu) };
  backend.invoke('TileNormalize', { x, mean, scale, shift, residual, y }, numbers);
  return y;
};

/** Inputs as of `TileNormalize`, and dy. Outputs: the gradient of x normalized, which is the residual's too; those of scale and shift. */
const normalizeGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const { dy, mean, scale, shift, residual } = inputs;
  const [, channels] = tileSizes(x);
  imageNumbers('TileNormalizeGrad', backend, x, imagesOf(attrs));
  assertFloats('TileNormalizeGrad', sizeOf(x.shape), { dy, residual });
  assertFloats('TileNormalizeGrad', channels, { mean, scale, shift });
  const g = backend.output(x.shape);
  const dScale = backend.output([channels]);
  const dShift = backend.output([channels]);
  const operands = { dy, x, mean, scale, shift, residual, g, dScale, dShift };
  backend.invoke('TileNormalizeGrad', operands, { ...planeNumbers(x, imagesOf(attrs)), relu: Boolean(attrs.relu) });
  return [g, dScale, dShift];
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
