export { buildModel, findModel, findNetwork, models } from './build-model.ts';
export type { ModelEntry } from './model.ts';
export { default } from './plugin.ts';
