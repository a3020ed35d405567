export { trialKey, withoutDefaults } from './keys.ts';
export type { Plugin } from './plugins/schema.ts';
export { recordDigest } from './record-store.ts';
export { type DatasetEntry, loadRegistry, type NetworkEntry, type Registry } from './registry.ts';
export { type RunOptions, type RunSummary, runBenchmark } from './run.ts';
export { WORKER_ENVIRONMENT } from './worker/pool.ts';
