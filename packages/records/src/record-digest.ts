import { contentHash, type TrialRecord } from '@prunebench/core';

/** Hash of what must not depend on how a trial was run: what was asked for, what was measured, why it failed. */
export function recordDigest(record: TrialRecord): string {
  const { spec, measured, failure } = record;
  return contentHash({ spec, measured, failure });
}
