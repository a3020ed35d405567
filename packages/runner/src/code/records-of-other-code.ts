import { type DatasetEntry, PrunebenchError, type TrialRecord, trialSpec } from '@prunebench/core';
import { changesSince, RecordGroups, unknownCode } from '@prunebench/records';
import type { Registry } from '../registry.ts';
import { TrialCodes } from './trial-code.ts';

/**
 * One line for everything that has changed since some of the records were made, and one for those that do not say by which code
 * they were computed. Records of what is not in the registry are passed over, as are those of a data set whose manifest cannot be
 * read (`doctor` names it) and changes of a data set that only loading it would show.
 */
export async function describeOtherCode(
  records: readonly TrialRecord[],
  registry: Registry,
): Promise<readonly string[]> {
  const known = records.flatMap((record) => completed(record, registry) ?? []);
  const codes = new TrialCodes(registry);
  await codes.locate(known.map(({ spec }) => spec));
  const changed = new RecordGroups();
  const unknown = new RecordGroups();
  for (const record of known) {
    const { checksum } = registry.datasets.get(record.spec.dataset)!;
    const { own, engine } = changesSince(record, codes.code(record.spec, record.run.backend), checksum);
    for (const subject of own) changed.add(subject, record);
    if (engine === null) unknown.add('', record);
    else if (own.length === 0 && engine.length > 0) changed.add(engine.join(', '), record);
  }
  return [
    ...changed.describe((subject, group) => `${subject} changed since ${group}`),
    ...unknown.describe((_, group) => unknownCode(group)),
  ];
}

/** The record with options that were added since at their defaults; undefined where something is not known any more. */
function completed(record: TrialRecord, registry: Registry): TrialRecord | undefined {
  const { dataset, method, network, options } = record.spec;
  const parsed = registry.methods.get(method)?.options.safeParse(options);
  const entry = registry.datasets.get(dataset);
  if (!entry || !isReadable(entry) || !parsed?.success) return undefined;
  try {
    registry.network(network);
  } catch {
    return undefined;
  }
  return { ...record, spec: { ...record.spec, options: trialSpec.shape.options.parse(parsed.data) } };
}

function isReadable(entry: DatasetEntry): boolean {
  try {
    return entry.shape !== undefined;
  } catch (error) {
    if (error instanceof PrunebenchError) return false;
    throw error;
  }
}
