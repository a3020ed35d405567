/** Every criterion of this family has its line here; nothing else lists them. */
export { fisherDiagonal } from './fisher-diagonal.ts';
export { kFac } from './k-fac.ts';
export { lObs } from './l-obs.ts';
export { obc } from './obc.ts';
export { obd } from './obd.ts';
export { obs } from './obs.ts';
export { obsBlock } from './obs-block.ts';
export { obsEigen } from './obs-eigen.ts';
export { obsStopRule } from './obs-stop-rule.ts';
export { woodFisher } from './woodfisher.ts';
