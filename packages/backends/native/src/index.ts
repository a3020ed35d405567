export type { NativeBackend } from './backend.ts';
export { isNativeAvailable } from './build.ts';
export { type CapturedStep, type CaptureOptions, captureStep } from './capture/capture-step.ts';
export { interpretedChains } from './capture/chain-form.ts';
export { CannotCapture } from './capture/record.ts';
export { gatherBytes } from './gather-bytes.ts';
export {
  fallbackCounts,
  getThreads,
  type NativeOptions,
  registeredBackend,
  registerNativeBackend,
  resetFallbackCounts,
  setThreads,
} from './register.ts';
export {
  addressOf,
  type CsrArrays,
  type CsrProductOptions,
  csrTimesDense,
  sampledProduct,
  transposeMatrix,
  vectorLanes,
} from './sparse.ts';
export { type ProgramEnds, programFormat, SparseProgram, type TableFormat } from './sparse-program.ts';
