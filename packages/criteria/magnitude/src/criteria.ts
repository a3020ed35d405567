/** Every criterion of this family has its line here; nothing else lists them. */
export { filterNorm } from './filter-norm.ts';
export { hagiwaraEnergy } from './hagiwara-energy.ts';
export { hagiwaraPower } from './hagiwara-power.ts';
export { lamp } from './lamp.ts';
export { magnitude } from './magnitude.ts';
export { random, randomUnit } from './random.ts';
export { thresholdGlobal } from './threshold-global.ts';
export { thresholdSigma } from './threshold-sigma.ts';
export { unitGoodness } from './unit-goodness.ts';
export { unitIncoming } from './unit-incoming.ts';
