/**
 * Writes packages/records/schema, the JSON Schema of records, from the schema that they are read with:
 *
 *     node scripts/record-schemas.ts
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeJson } from '@prunebench/files';
import { recordSchemas } from '@prunebench/records';

const folder = fileURLToPath(new URL('../packages/records/schema', import.meta.url));
for (const [name, schema] of recordSchemas()) await writeJson(join(folder, name), schema);
