import type { TrialRecord } from '@prunebench/core';

/** Where and when records were made. */
export interface Provenance {
  /** Commits, sorted; "+dirty" where the working tree differed. */
  readonly commits: readonly string[];
  /** Backends that computed them, sorted. */
  readonly backends: readonly string[];
  /** "AMD EPYC, 2 cores, linux x64", sorted. */
  readonly hosts: readonly string[];
  /** The day on which the last of them was finished, as in "2026-11-26" (UTC). */
  readonly measuredOn: string;
}

/** The provenance of some records, at least one. */
export function provenanceOf(records: readonly TrialRecord[]): Provenance {
  const runs = records.map(({ run }) => run);
  return {
    commits: commitsOf(records),
    backends: sorted(runs.map(({ backend }) => backend)),
    hosts: sorted(runs.map(({ host: { cpu, cores, platform } }) => `${cpu}, ${cores} cores, ${platform}`)),
    measuredOn: sorted(runs.map(({ finishedAt }) => new Date(finishedAt).toISOString().slice(0, 10))).at(-1)!,
  };
}

/** The commits that records were made at, sorted; "+dirty" where the working tree differed. */
export function commitsOf(records: readonly TrialRecord[]): readonly string[] {
  return sorted(records.map(({ run }) => `${run.commit}${run.dirty ? '+dirty' : ''}`));
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
