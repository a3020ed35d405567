export { buildModel, findModel, findNetwork, isScaledName, models } from './build-model.ts';
export type { ModelEntry } from './model.ts';
export { default } from './plugin.ts';
