import { type ScaleName, scales } from '@prunebench/core';
import { figuresOf, tableKinds } from './tables/kinds.ts';

/** The scales whose tables are shown in READMEs and in the leaderboard; the others only show that a benchmark runs. */
export const publishedScales: readonly ScaleName[] = scales.filter((scale) => scale !== 'smoke');

/** The name of a table that a report writes: "table-cpu.csv". */
export function tableFile(id: string, scale: ScaleName): string {
  return `${id}-${scale}.csv`;
}

/** The name of a figure's picture, counted from 0: "density-cpu.svg", "density-2-cpu.svg". */
export function pictureFile(id: string, scale: ScaleName, page: number): string {
  return `${id}${page === 0 ? '' : `-${page + 1}`}-${scale}.svg`;
}

/** Whether a file in a benchmark's results is one that a report writes. */
export function isReportFile(name: string): boolean {
  return known.has(name.replace(/-\d+(-[a-z]+\.svg)$/, '$1'));
}

const known: ReadonlySet<string> = new Set(
  scales.flatMap((scale) => [
    ...['table', 'comparisons'].map((id) => tableFile(id, scale)),
    ...figuresOf(tableKinds).map(({ id }) => pictureFile(id, scale, 0)),
  ]),
);
