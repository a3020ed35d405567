import { createRequire } from 'node:module';
import { relativeError } from '@prunebench/testing';
import test, { type ExecutionContext } from 'ava';
import { type CsrMatrix, csrFromKernel, type GpuMode, gpuModes, SparseGpu } from '../../src/index.ts';
import { randomValues } from '../support.ts';

/** Rounding of sums of some hundred terms in single precision. */
const BOUND = 5e-6;

const modes = await gpuModes();

/** A test in every mode of GPU.js; skipped, with the reason in its title, where the machine does not offer it. */
export function inEveryMode(title: string, run: (t: ExecutionContext, gpu: SparseGpu) => Promise<void>): void {
  for (const { mode, obstacle } of modes) {
    const declare = obstacle === undefined ? test.serial : test.serial.skip;
    declare(`${mode}${obstacle === undefined ? '' : ` (${obstacle})`}: ${title}`, async (t) => {
      const gpu = await SparseGpu.create(mode);
      try {
        await run(t, gpu);
      } finally {
        await gpu.dispose();
      }
    });
  }
}

/** Every tensor that was found is the expected one, up to `BOUND`. */
export function withinBound<Name extends string>(
  t: ExecutionContext,
  found: Readonly<Record<Name, Float32Array>>,
  expected: Readonly<Record<Name, Float64Array>>,
): void {
  for (const name of Object.keys(expected) as Name[]) t.true(relativeError(found[name], expected[name]) < BOUND, name);
}

export function randomCsr(rows: number, columns: number, density: number, seed = 1): CsrMatrix {
  const mask = Uint8Array.from(randomValues(rows * columns, seed), (value) => (value < 2 * density - 1 ? 1 : 0));
  return csrFromKernel({ shape: [columns, rows], values: randomValues(rows * columns, seed + 100) }, mask);
}

/**
 * Bytes of each copy from the device to the program while `run` works, counted where the copies are made: in the buffer's
 * mapAsync or the context's readPixels. Undefined in the processor's modes, where there is no such door.
 */
export async function copiesToHost(mode: GpuMode, run: () => Promise<void>): Promise<number[] | undefined> {
  const door = doors[mode]?.();
  if (!door) {
    await run();
    return undefined;
  }
  const copies: number[] = [];
  const { owner, name, bytes } = door;
  const original = owner[name] as (...parameters: unknown[]) => unknown;
  owner[name] = function (this: unknown, ...parameters: unknown[]) {
    copies.push(bytes(parameters, this));
    return original.apply(this, parameters);
  };
  try {
    await run();
  } finally {
    owner[name] = original;
  }
  return copies;
}

interface Door {
  readonly owner: Record<string, unknown>;
  readonly name: string;
  readonly bytes: (parameters: unknown[], owner: unknown) => number;
}

const doors: Partial<Record<GpuMode, () => Door>> = {
  webgpu: () => ({
    owner: (globalThis as unknown as { GPUBuffer: { prototype: Record<string, unknown> } }).GPUBuffer.prototype,
    name: 'mapAsync',
    bytes: (_parameters, buffer) => (buffer as { size: number }).size,
  }),
  headlessgl: () => {
    const require = createRequire(createRequire(import.meta.url).resolve('gpu.js'));
    const context = require('gl')(1, 1) as Record<string, unknown>;
    return {
      // A context carries the methods of its class, bound when it was made, as its own; these call the native class's.
      owner: Object.getPrototypeOf(Object.getPrototypeOf(context)),
      name: 'readPixels',
      bytes: (parameters) => (parameters[6] as ArrayBufferView).byteLength,
    };
  },
};
