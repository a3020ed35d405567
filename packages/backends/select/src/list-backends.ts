import { availableParallelism } from 'node:os';
import type { Layer } from '@prunebench/core';
import { backends } from './all-backends.ts';
import type { BackendName } from './backend.ts';
import { firstLine } from './optional-import.ts';

export interface BackendAvailability {
  readonly name: BackendName;
  readonly summary: string;
  readonly available: boolean;
  /** Kinds of layers that it cannot train; none for most. */
  readonly untrainable: readonly Layer['kind'][];
  /** Why it cannot run here, or why `auto` passes over it; absent when there is nothing to say. */
  readonly reason?: string;
}

/** All backends, best first, each tried. Loading them takes a second and may switch tfjs's backend: not for use inside a run. */
export async function listBackends(): Promise<BackendAvailability[]> {
  const list: BackendAvailability[] = [];
  for (const { name, summary, untrainable = [], register } of backends) {
    const about = { name, summary, untrainable };
    try {
      const { unfit } = await register(availableParallelism());
      list.push({ ...about, available: true, ...(unfit ? { reason: unfit } : {}) });
    } catch (error) {
      list.push({ ...about, available: false, reason: firstLine(error) });
    }
  }
  return list;
}
