// The compiled library as JavaScript sees it.
import { createRequire } from 'node:module';
import { buildKernels } from './build.ts';
import type { KernelDeclaration } from './descriptors.ts';

export interface Addon {
  /** Shared memory in which a call is laid out (see cc/addon/call.h). */
  readonly words: Float64Array;
  /** A kernel's number is its place here. */
  readonly kernels: readonly KernelDeclaration[];
  /** Names of enumerations that both sides use, as text, by the name of the enumeration. */
  readonly enums: Readonly<Record<string, string>>;
  /** Numbers that memory is laid out by. */
  readonly numbers: Readonly<Record<string, number>>;
  /** float32 lanes of a vector: 16 with AVX-512, 8 with AVX2, 4 with NEON. */
  readonly lanes: number;
  /** Runs the call in `words`. */
  execute(): void;
  /** Runs `count` recorded calls, laid out one after another. */
  replay(words: Float64Array, count: number): void;
  /** Memory of its own, aligned for vectors; released with the buffer, but not while JavaScript runs without a pause. */
  allocate(bytes: number): ArrayBuffer;
  /** Gives the memory of an allocated buffer back at once, and leaves the buffer empty. */
  release(buffer: ArrayBuffer): void;
  addressOf(array: ArrayBufferView | ArrayBuffer): number;
  setThreads(count: number): void;
}

/** Builds the kernels if needed and loads them. */
export async function loadAddon(): Promise<Addon> {
  const binary = await buildKernels();
  const loaded: unknown = createRequire(import.meta.url)(binary);
  if (isAddon(loaded)) return loaded;
  throw new Error(`${binary} is not the native backend's library: it lacks some of ${functions.join(', ')}.`);
}

const functions = ['execute', 'replay', 'allocate', 'release', 'addressOf', 'setThreads'] as const;

/** Whether it has what `addon.cc` exports. */
function isAddon(loaded: unknown): loaded is Addon {
  if (typeof loaded !== 'object' || loaded === null) return false;
  const exported = new Map<string, unknown>(Object.entries(loaded));
  return (
    exported.get('words') instanceof Float64Array &&
    Array.isArray(exported.get('kernels')) &&
    typeof exported.get('enums') === 'object' &&
    typeof exported.get('numbers') === 'object' &&
    typeof exported.get('lanes') === 'number' &&
    functions.every((name) => typeof exported.get(name) === 'function')
  );
}
