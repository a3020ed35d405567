/** Every criterion of this family has its line here; nothing else lists them. */
export { force } from './force.ts';
export { gradientMagnitude } from './gradient-magnitude.ts';
export { grasp } from './grasp.ts';
export { snip } from './snip.ts';
export { synflow } from './synflow.ts';
