export { choiceTable, type Format, type LayerChoice } from './executor/choices.ts';
export { type CompiledNetwork, type CompileOptions, compile, OUTPUT_TOLERANCE } from './executor/compile.ts';
export { denseNetwork, type Runner } from './executor/dense-network.ts';
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
