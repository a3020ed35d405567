import type { Criterion, Plugin } from '@prunebench/core';
import { force } from './force.ts';
import { gradientMagnitude } from './gradient-magnitude.ts';
import { grasp } from './grasp.ts';
import { snip } from './snip.ts';
import { synflow } from './synflow.ts';

/** All criteria of this family. */
export const criteria: readonly Criterion[] = [snip, force, grasp, synflow, gradientMagnitude];

export default { criteria } satisfies Plugin;
