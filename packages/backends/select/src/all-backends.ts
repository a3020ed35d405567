import { BACKEND_NAMES, type Backend, type BackendName } from './backend.ts';
import { cpu } from './backends/cpu.ts';
import { native } from './backends/native.ts';
import { tensorflow } from './backends/tensorflow.ts';
import { wasm } from './backends/wasm.ts';
import { webgpu } from './backends/webgpu.ts';

const byName: Readonly<Record<BackendName, Backend>> = { tensorflow, native, webgpu, wasm, cpu };

/** Best first. */
export const backends: readonly Backend[] = BACKEND_NAMES.map((name) => byName[name]);
