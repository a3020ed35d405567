export type { DenseReference } from './dense.ts';
export { type Estimate, estimate } from './estimate.ts';
export { type LeaderboardOptions, renderLeaderboard, writeLeaderboard } from './leaderboard.ts';
export { compareSeries, type PairedTest, pairedTest } from './paired-tests.ts';
export { type Panel, renderSvg } from './plots/render.ts';
export { loadPublished, type PublishedRow } from './published.ts';
export {
  type RenderedReport,
  type ReportOptions,
  type ReportSource,
  renderReport,
  type WrittenReport,
  writeReport,
} from './report.ts';
export { statements } from './statements.ts';
export { type Cell, type NetworkSummary, type Summary, summarise, type TrialOutcome } from './summary.ts';
export { type Difference, type VerifyOptions, verifyResults } from './verify.ts';
