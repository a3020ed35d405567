export { trialKey } from './plan/keys.ts';
export { declareTrials, type PlannedTrial, planStages, type Stage } from './plan/plan.ts';
export { loadRegistry, type Registry } from './registry.ts';
export { withResults } from './results/lock.ts';
export type { RunOptions, RunSummary } from './run.ts';
export { WORKER_ENVIRONMENT } from './worker/pool.ts';
export { takeStep } from './worker/run-stage.ts';
