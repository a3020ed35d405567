import { workloads } from './workloads.ts';

export { type BackendRow, runBackendSpeed } from './backend-speed.ts';
export { runGpuSpeed } from './gpu-speed.ts';
export { runSpeed, type SpeedOptions, type SpeedResult } from './run-speed.ts';
export const networkNames: readonly string[] = workloads.map(({ network }) => network);
export { runSparseSpeed, type SparseSpeedOptions, type SparseSpeedResult } from './sparse.ts';
