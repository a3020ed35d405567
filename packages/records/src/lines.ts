/** The published form of a record: a line of what was measured, and a line of how it was run. */
import {
  canonicalJson,
  contentHash,
  isObject,
  PrunebenchError,
  plainId,
  sealed,
  type TrialRecord,
  trialRecord,
} from '@prunebench/core';
import { z } from 'zod';

const { schema, key, benchmark, scale, series, control, spec, failure, measured, run, speed, code } = trialRecord.shape;

const name = plainId.optional();
const digest = z.string();

/** What the same spec gives on the same backend, whenever and wherever it is run: a rerun leaves the line as it is. */
export const measuredLine = z.strictObject({
  key,
  /** The trial's name in its table where that is not its key: another series has the same one. */
  name,
  schema,
  benchmark,
  scale,
  series,
  control,
  spec,
  failure,
  measured,
  /** Of everything else in the line (see `sealed`). */
  digest,
});
export type MeasuredLine = z.output<typeof measuredLine>;

/** What another run writes differently: machine, date, commit, code, seconds, speed. */
export const runLine = z.strictObject({
  key,
  name,
  schema,
  /** The digest of the line of measurements that this run gave. */
  of: z.string(),
  run,
  speed,
  code,
  digest,
});
export type RunLine = z.output<typeof runLine>;

/** The text of both lines, without line breaks. */
export interface Lines {
  readonly measured: string;
  readonly run: string;
}

/** What the line of measurements holds of a record. */
function reproducible({ run: _, speed: __, code: ___, digest: ____, ...rest }: TrialRecord) {
  return rest;
}

/** What records of earlier versions do not say of the same measurements. */
const LATER: readonly string[] = ['architecture', 'evaluations', 'metrics'];

/** What a record says of measurements, as far as an earlier record of the trial does. */
function asFarAs(earlier: TrialRecord, record: TrialRecord) {
  if (!earlier.measured || !record.measured) return reproducible(record);
  const known = new Set(Object.keys(earlier.measured));
  const measured = Object.entries(record.measured).filter(([name]) => known.has(name) || !LATER.includes(name));
  return { ...reproducible(record), measured: Object.fromEntries(measured) };
}

/**
 * A record's two lines, each with a seal of its own. Fields stand in the schema's order, options in that of their names, so that equal
 * measurements are equal text.
 *
 * @param before what is published of this trial. Its line of measurements stays as it is where it says the same, also where it was written
 *   before some option had its default, or before records said as much of a trial as today
 */
export function linesOf(trial: string, record: TrialRecord, before?: { record: TrialRecord; lines: Lines }): Lines {
  const parsed = trialRecord.parse(record);
  const { run, speed, code } = parsed;
  const { key, schema, ...rest } = reproducible(parsed);
  const id = { key, ...(trial !== key && { name: trial }), schema };
  const options: unknown = JSON.parse(canonicalJson(rest.spec.options));
  const stays = before && contentHash(reproducible(before.record)) === contentHash(asFarAs(before.record, parsed));
  const measured = stays
    ? before.lines.measured
    : JSON.stringify(sealed({ ...id, ...rest, spec: { ...rest.spec, options } }));
  const of = digestOf(measured);
  return { measured, run: JSON.stringify(sealed({ ...id, of, run, ...(speed && { speed }), ...(code && { code }) })) };
}

function digestOf(line: string): string {
  const value: unknown = JSON.parse(line);
  if (isObject(value) && typeof value.digest === 'string') return value.digest;
  throw new PrunebenchError(`A line of measurements has no digest: ${line.slice(0, 200)}`, {
    remedy: 'Take the line from the version of the file that was published.',
  });
}

/** The record of two lines that belong together. Its seals are those of the lines, so that it has none of its own. */
export function recordOf(measured: MeasuredLine, { run, speed, code }: RunLine): TrialRecord {
  const { name: _, digest: __, ...rest } = measured;
  return { ...rest, run, ...(speed && { speed }), ...(code && { code }) };
}
