import type { TrialCode, TrialRecord } from '@prunebench/core';

/** How the code and data of today differ from those that a record was made by. */
export interface Changes {
  /** What is the trial's own: "criterion snip (packages/.../snip.ts)", its network, its data. Its numbers are of something else. */
  readonly own: readonly string[];
  /** Packages and libraries that compute for every trial; null where the record does not say what computed it. */
  readonly engine: readonly string[] | null;
}

/**
 * What changed since a record was made.
 *
 * @param now the trial's code as it is now, for the record's backend
 * @param checksum that of the data set now; undefined where it is not known
 */
export function changesSince(record: TrialRecord, now: TrialCode, checksum: string | undefined): Changes {
  const { spec, run, code } = record;
  const data =
    checksum === undefined || run.datasetChecksum === checksum ? [] : [`data set ${spec.dataset} (its data)`];
  if (!code) return { own: data, engine: null };
  const network = code.network === now.network ? [] : [`network ${spec.network} (its layers)`];
  return { own: [...changedEntries(code, now), ...network, ...data], engine: changedParts(code.engine, now.engine) };
}

function changedEntries({ entries: before }: TrialCode, { entries: after }: TrialCode): readonly string[] {
  const digest = (entries: TrialCode['entries'], wanted: string) => entries.find(({ name }) => name === wanted)?.digest;
  const files = new Map([...before, ...after].map(({ name, file }) => [name, file]));
  return [...files]
    .filter(([name]) => digest(before, name) !== digest(after, name))
    .map(([name, file]) => `${name} (${file})`);
}

function changedParts(before: TrialCode['engine'], after: TrialCode['engine']): readonly string[] {
  const parts = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...parts].filter((part) => before[part] !== after[part]).sort();
}

/** Records by what is said about them. */
export class RecordGroups {
  readonly #groups = new Map<string, TrialRecord[]>();

  add(subject: string, record: TrialRecord): void {
    const group = this.#groups.get(subject);
    if (group) group.push(record);
    else this.#groups.set(subject, [record]);
  }

  /** "12 records of commit abc1234" for each subject, in a sentence about it. */
  describe(sentence: (subject: string, records: string) => string): readonly string[] {
    return [...this.#groups].map(([subject, records]) =>
      sentence(subject, `${records.length} ${records.length === 1 ? 'record' : 'records'} of ${commitsOf(records)}`),
    );
  }
}

/** What is said of records without code, in place of what changed since. */
export function unknownCode(records: string): string {
  return `the code behind ${records} is not recorded`;
}

/** How many commits are named one by one. */
const NAMED_COMMITS = 3;

/** "commit abc1234", "commits abc1234, def5678", "5 commits". */
export function commitsOf(records: readonly TrialRecord[]): string {
  const short = [...new Set(records.map(({ run }) => run.commit.slice(0, 7)))];
  if (short.length > NAMED_COMMITS) return `${short.length} commits`;
  return `commit${short.length === 1 ? '' : 's'} ${short.join(', ')}`;
}
