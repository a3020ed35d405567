import { trialRecord } from '@prunebench/core';
import { z } from 'zod';
import { measuredLine, runLine } from './lines.ts';

const forms = {
  'trial-record': ['A working file: the record of one trial', trialRecord],
  'measured-line': ['A line of measured-<scale>.jsonl: what a trial measured', measuredLine],
  'run-line': ['A line of runs-<scale>.jsonl: how a trial was run', runLine],
} as const;

/** What is written and read, as JSON Schema (draft 2020-12), by the name of its file in `schema/`. */
export function recordSchemas(): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const schemas = Object.entries(forms).map(([name, [title, schema]]) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output' });
    return [`${name}.schema.json`, { $schema, title, ...rest }] as const;
  });
  return new Map(schemas);
}
