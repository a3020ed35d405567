import type { Criterion } from '@prunebench/core';
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

export {
  diagonalSaliencies,
  type FisherDiagonalOptions,
  fisherDiagonal,
  fisherDiagonalScores,
} from './fisher-diagonal.ts';
export { type KFacOptions, kFac, kFacCompensation, kFacScores } from './k-fac.ts';
export { type LObsOptions, lObs, lObsCompensation, lObsScores } from './l-obs.ts';
export { type ObcOptions, obc, obcCompensation, obcScores } from './obc.ts';
export { diagonalCurvature, type ObdOptions, obd, obdScores } from './obd.ts';
export { type ObsOptions, obs, obsCompensation, obsScores } from './obs.ts';
export { type ObsBlockOptions, obsBlock, obsBlockCompensation, obsBlockScores } from './obs-block.ts';
export { type ObsEigenOptions, obsEigen, obsEigenCompensation, obsEigenScores } from './obs-eigen.ts';
export { type ObsStopRuleOptions, obsStopRule } from './obs-stop-rule.ts';
export { type WoodFisherOptions, woodFisher, woodFisherCompensation, woodFisherScores } from './woodfisher.ts';

/** Every criterion of this family, as the registry takes them. */
// biome-ignore lint/suspicious/noExplicitAny: each criterion has its own options type.
export const criteria: readonly Criterion<any>[] = [
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
