import type { Criterion, Plugin } from '@prunebench/core';
import { filterNorm } from './filter-norm.ts';
import { hagiwaraEnergy } from './hagiwara-energy.ts';
import { hagiwaraPower } from './hagiwara-power.ts';
import { lamp } from './lamp.ts';
import { magnitude } from './magnitude.ts';
import { random, randomUnit } from './random.ts';
import { thresholdGlobal } from './threshold-global.ts';
import { thresholdSigma } from './threshold-sigma.ts';
import { unitGoodness } from './unit-goodness.ts';
import { unitIncoming } from './unit-incoming.ts';

/** All criteria of this family. */
export const criteria: readonly Criterion[] = [
  random,
  randomUnit,
  magnitude,
  lamp,
  thresholdSigma,
  thresholdGlobal,
  hagiwaraEnergy,
  hagiwaraPower,
  unitGoodness,
  unitIncoming,
  filterNorm,
];

export default { criteria } satisfies Plugin;
