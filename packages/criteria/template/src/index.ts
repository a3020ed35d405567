import type { Criterion } from '@prunebench/core';
import { magnitudeIncrease } from './magnitude-increase.ts';

/** All criteria of this family; the registry reads this list. */
// biome-ignore lint/suspicious/noExplicitAny: each criterion has options of its own
export const criteria: readonly Criterion<any>[] = [magnitudeIncrease];

export { magnitudeIncrease };
