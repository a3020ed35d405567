import { type ScaleName, scales } from '@prunebench/core';
import { figuresOf, tableKinds } from './tables/kinds.ts';

/** The scales whose tables are shown in READMEs and in the leaderboard; the others only show that a benchmark runs. */
export const publishedScales: readonly ScaleName[] = scales.filter((scale) => scale !== 'smoke');

/** The name of a file that a report writes: "table-cpu.csv". */
export function reportFile(id: string, scale: ScaleName, ending: 'csv' | 'svg'): string {
  return `${id}-${scale}.${ending}`;
}

/** Whether a file in a benchmark's results is one that a report writes. */
export function isReportFile(name: string): boolean {
  return known.has(name);
}

const known: ReadonlySet<string> = new Set(
  scales.flatMap((scale) => [
    ...['table', 'comparisons'].map((id) => reportFile(id, scale, 'csv')),
    ...figuresOf(tableKinds).map(({ id }) => reportFile(id, scale, 'svg')),
  ]),
);
