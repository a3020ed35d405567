/** Every criterion of this family has its line here; nothing else lists them. */
export { activationDeviation } from './activation-deviation.ts';
export { activationMean } from './activation-mean.ts';
export { apoz } from './apoz.ts';
export { fisherUnits } from './fisher-units.ts';
export { importanceEstimation } from './importance-estimation.ts';
export { minimumWeight } from './minimum-weight.ts';
export { skeletonization } from './skeletonization.ts';
export { taylor } from './taylor.ts';
export { unitOracle } from './unit-oracle.ts';
