import type { Criterion, Plugin } from '@prunebench/core';
import { magnitudeIncrease } from './magnitude-increase.ts';

/** All criteria of this family. */
// biome-ignore lint/suspicious/noExplicitAny: each criterion has options of its own
export const criteria: readonly Criterion<any>[] = [magnitudeIncrease];

export default { criteria } satisfies Plugin;
