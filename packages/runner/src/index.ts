export { trialKey } from './plan/keys.ts';
export { declareTrials, type PlannedTrial, planStages, type Stage } from './plan/plan.ts';
export { loadPlugin } from './plugins/load.ts';
export { loadRegistry, type Registry } from './registry.ts';
export { withResults } from './results/lock.ts';
export type { RunOptions, RunSummary } from './run.ts';
export { type Evaluations, LostStageError, StageStore } from './stages/stage-store.ts';
export { WORKER_ENVIRONMENT } from './worker/pool.ts';
export { takeStep } from './worker/run-stage.ts';
