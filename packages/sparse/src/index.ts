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
