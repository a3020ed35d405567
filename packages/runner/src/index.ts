export { trialKey } from './keys.ts';
export { withResults } from './lock.ts';
export { declareTrials, type PlannedTrial, planStages, type Stage } from './plan.ts';
export { loadRegistry, type Registry } from './registry.ts';
export type { RunOptions, RunSummary } from './run.ts';
export { WORKER_ENVIRONMENT } from './worker/pool.ts';
