export { convertFromPyTorch, fromPyTorch, type ModuleNames, toPyTorch } from './pytorch.ts';
export { pytorchModule } from './pytorch-module.ts';
export { repeatedKey } from './repeated-key.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
  type SafetensorsTensor,
} from './safetensors.ts';
export { shown } from './shown.ts';
export { decodeState, readState, writeState } from './state-file.ts';
export { type Fault, MASK, stateDigest, stateOf, type Tensors, tensorsOf } from './state-tensors.ts';
