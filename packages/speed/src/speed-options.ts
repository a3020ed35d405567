import type { SpeedRow } from './measure.ts';
import type { JobRow } from './mnist-job.ts';

export interface SpeedOptions {
  readonly threads: readonly number[];
  /** Alternations per workload; the medians are over them. */
  readonly rounds: number;
  /** Names of networks to measure; all when absent. */
  readonly networks?: readonly string[];
  /** The CSV files go here; nothing is written for a selection of networks. */
  readonly resultsDir: string;
  readonly log: (line: string) => void;
}

export interface SpeedResult<Row = SpeedRow> {
  readonly rows: readonly Row[];
  readonly jobs: readonly JobRow[];
  /** Markdown, ready to print. */
  readonly table: string;
  readonly files: readonly string[];
}
