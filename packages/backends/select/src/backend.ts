import type { Layer } from '@prunebench/core';

/** In order of preference. */
export const BACKEND_NAMES = ['tensorflow', 'native', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

export interface Registered {
  /** Compute threads that it will use. */
  readonly threads: number;
  /** Why `auto` passes over it although it loads; it can still be asked for by name. */
  readonly unfit?: string;
  /** The instructions that its kernels are compiled for, where that decides the order of sums, and with it their bits. */
  readonly instructions?: string;
}

/** One way to run tfjs's ops. */
export interface Backend {
  /** Also the name under which it is registered with tfjs. */
  readonly name: BackendName;
  readonly summary: string;
  /** Kinds of layers that it has no gradients of, so that networks with them can be evaluated but not trained; absent: none. */
  readonly untrainable?: readonly Layer['kind'][];
  /**
   * Loads the backend and makes it known to tfjs, without switching to it.
   *
   * @throws Error whose message's first line says why it cannot run here
   */
  register(threads: number): Promise<Registered>;
}
