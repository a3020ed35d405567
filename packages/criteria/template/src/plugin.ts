import type { Criterion, Plugin } from '@prunebench/core';
import { magnitudeIncrease } from './magnitude-increase.ts';

/** All criteria of this family. */
export const criteria: readonly Criterion[] = [magnitudeIncrease];

export default { criteria } satisfies Plugin;
