export type { Format, LayerChoice } from './executor/choices.ts';
export { type CompiledNetwork, type CompileOptions, compile, OUTPUT_TOLERANCE } from './executor/compile.ts';
export { denseNetwork, type Runner } from './executor/dense-network.ts';
export { decodeDense, encodeDense } from './export/dense-file.ts';
export { decodeSparse, encodeSparse, fileSizes } from './export/sparse-file.ts';
export type { ConvolutionShape } from './gpu/convolution-geometry.ts';
export type { GpuProgram, GpuTensor } from './gpu/gpu-program.ts';
export { type GpuMode, type GpuModeAvailability, gpuModes } from './gpu/modes.ts';
export { type BinaryStep, type GpuProductOptions, SparseGpu, type WeightedStep } from './gpu/sparse-gpu.ts';

export { Baselines } from './speed/baselines.ts';
export { type MeasuredSpeed, measureSpeed, type SpeedOptions } from './speed/measure-speed.ts';
export { type BlockShape, type BsrMatrix, bsrBytes, bsrFromKernel, kernelFromBsr } from './storage/bsr.ts';
export {
  type CsrMatrix,
  csrBytes,
  csrFromKernel,
  densityOf,
  eachWeight,
  kernelFromCsr,
  maskOfCsr,
  transposeCsr,
} from './storage/csr.ts';
