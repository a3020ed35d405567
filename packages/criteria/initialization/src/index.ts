export { force } from './force.ts';
export { gradientMagnitude } from './gradient-magnitude.ts';
export { grasp } from './grasp.ts';
export { criteria, default } from './plugin.ts';
export { snip } from './snip.ts';
export { synflow } from './synflow.ts';
