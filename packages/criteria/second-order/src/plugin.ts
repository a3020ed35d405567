import type { Criterion, Plugin } from '@prunebench/core';
import { fisherDiagonal } from './fisher-diagonal.ts';
import { kFac } from './k-fac.ts';
import { lObs } from './l-obs.ts';
import { obc } from './obc.ts';
import { obd } from './obd.ts';
import { obs } from './obs.ts';
import { obsBlock } from './obs-block.ts';
import { obsEigen } from './obs-eigen.ts';
import { obsStopRule } from './obs-stop-rule.ts';
import { woodFisher } from './woodfisher.ts';

/** All criteria of this family. */
export const criteria: readonly Criterion[] = [
  obd,
  fisherDiagonal,
  obs,
  obsStopRule,
  obsBlock,
  obsEigen,
  lObs,
  kFac,
  woodFisher,
  obc,
];

export default { criteria } satisfies Plugin;
