import type { Criterion, Plugin } from '@prunebench/core';
import { force } from './force.ts';
import { gradientMagnitude } from './gradient-magnitude.ts';
import { grasp } from './grasp.ts';
import { snip } from './snip.ts';
import { synflow } from './synflow.ts';

/** All criteria of this family. */
// biome-ignore lint/suspicious/noExplicitAny: each criterion has options of its own
export const criteria: readonly Criterion<any>[] = [snip, force, grasp, synflow, gradientMagnitude];

export { hessianVectorProduct } from './hessian-vector.ts';

export default { criteria } satisfies Plugin;
