export {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
  type SafetensorsTensor,
} from './safetensors.ts';
export { readState, writeState } from './state-file.ts';
