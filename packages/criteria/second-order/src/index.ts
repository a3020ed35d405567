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
export { criteria, default } from './plugin.ts';
export { type WoodFisherOptions, woodFisher, woodFisherCompensation, woodFisherScores } from './woodfisher.ts';
