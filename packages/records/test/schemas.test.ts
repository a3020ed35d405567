import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { recordSchemas } from '../src/index.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(import.meta.dirname, '../schema');

test('the published JSON Schemas are those that records are read with (otherwise run `node scripts/record-schemas.ts`)', async (t) => {
  const schemas = recordSchemas();
  t.deepEqual((await readdir(folder)).sort(), [...schemas.keys()].sort());
  for (const [name, schema] of schemas)
    t.deepEqual(JSON.parse(await readFile(join(folder, name), 'utf8')), schema, name);
});

/** Names of all fields, at any depth; those of options and training belong to methods, and are listed elsewhere. */
function fields(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const {
    properties = {},
    items,
    anyOf = [],
  } = schema as {
    properties?: Record<string, unknown>;
    items?: unknown;
    anyOf?: unknown[];
  };
  const inside = Object.entries(properties).flatMap(([name, inner]) => {
    const inPath = path === '' ? name : `${path}.${name}`;
    const isElsewhere = inPath === 'spec.pretrain' || inPath === 'spec.retrain';
    return [inPath, ...(isElsewhere ? [] : fields(inner, inPath))];
  });
  return [...inside, ...fields(items, path), ...anyOf.flatMap((each) => fields(each, path))];
}

test('docs/reference/records.md explains every field, and no other', async (t) => {
  const page = await readFile(join(root, 'docs/reference/records.md'), 'utf8');
  const explained = [...page.matchAll(/^\| `([\w.]+)`/gm)].map(([, name]) => name).sort();
  const all = new Set([...recordSchemas().values()].flatMap((schema) => fields(schema)));
  t.deepEqual(explained, [...all].sort());
});
