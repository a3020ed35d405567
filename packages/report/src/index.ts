export { describeDifference } from './describe-difference.ts';
export { type LeaderboardOptions, renderLeaderboard, writeLeaderboard } from './leaderboard.ts';
export { type TrainingCurve, trialPlot } from './plots/trial.ts';
export { loadPublished, type PublishedRow } from './published-csv.ts';
export { START } from './readme.ts';
export { type Panel, renderSvg } from './render/svg.ts';
export {
  type RenderedReport,
  type ReportOptions,
  type ReportSource,
  type ReportTable,
  renderReport,
  type WrittenReport,
  writeReport,
} from './report.ts';
export {
  type Alone,
  type CellComparison,
  type ComparedTable,
  compareTables,
  type TableComparison,
} from './statistics/compare-tables.ts';
export { type Estimate, estimate } from './statistics/estimate.ts';
export { type PairedTest, pairedTest } from './statistics/paired-tests.ts';
export type { Cell, TrialOutcome } from './summary/cell.ts';
export type { DenseReference } from './summary/dense.ts';
export { type NetworkSummary, type Summary, summarise } from './summary/summary.ts';
export { axisWords, formatEstimate } from './tables/display.ts';
export type { Figure, Picture, Shown, TableKind, TableSource } from './tables/kind.ts';
export { shown, tableKinds } from './tables/kinds.ts';
export { statements } from './tables/statements.ts';
export { cell, type Table, type TableCell, type Value } from './tables/table.ts';
export { type Difference, type VerifyOptions, verifyResults } from './verify.ts';
