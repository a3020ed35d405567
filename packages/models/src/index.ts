export { buildModel, findModel, models } from './build-model.ts';
export type { ModelEntry, ModelShape } from './model.ts';
