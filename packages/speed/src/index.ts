import { workloads } from './workloads.ts';

export { runBackendSpeed } from './backend-speed.ts';
export { runGpuSpeed } from './gpu-speed.ts';
export { runHookSpeed } from './hooks/hook-speed.ts';
export { PEER_REMEDY } from './peer.ts';
export { pythonVersions } from './python.ts';
export { runSpeed } from './run-speed.ts';
export const networkNames: readonly string[] = workloads.map(({ network }) => network);
export { runSparseSpeed } from './sparse.ts';
export type { JobNode, TableJob } from './tables/job.ts';
export { type OurProgram, runTableSpeed, type TableSpeedResult } from './tables/table-speed.ts';
export { runTrainingSpeed } from './trainings/training-speed.ts';
