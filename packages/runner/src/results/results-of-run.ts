import type { ScaleName } from '@prunebench/core';
import type { Commit } from '../provenance.ts';
import { isChanged } from '../question/derived-benchmark.ts';
import { publishedResults, scratchResults } from './default-folders.ts';

/** What decides whether a run's numbers may be published. */
export interface RunKind {
  readonly scale: ScaleName;
  readonly filter: readonly string[];
  readonly seeds?: number;
  readonly plugin: readonly string[];
  /** What is changed for a table of one's own; see `isChanged`. */
  readonly set: readonly string[];
  readonly sparsity?: readonly number[];
  readonly seed?: readonly number[];
}

/**
 * The folder for a run that was given none: the published results/ for a whole table of committed code, else local-results/,
 * which git ignores.
 *
 * @returns its absolute path, and why it is not results/ (a clause), or null where it is
 */
export function resultsOfRun(
  kind: RunKind,
  { dirty }: Pick<Commit, 'dirty'>,
): { readonly folder: string; readonly scratch: string | null } {
  const { scale, filter, seeds, plugin } = kind;
  const reasons = [
    isChanged(kind) && 'a derived table is not a published one',
    scale === 'smoke' && 'the smoke scale only shows that a benchmark runs',
    filter.length > 0 && '--filter leaves out a part of the table',
    seeds !== undefined && '--seeds differs from the published number',
    plugin.length > 0 && 'a plugin is no part of the suite',
    dirty && 'the working tree has changes that are not committed',
  ];
  const scratch = reasons.find((reason) => typeof reason === 'string') ?? null;
  return { folder: scratch === null ? publishedResults : scratchResults, scratch };
}
