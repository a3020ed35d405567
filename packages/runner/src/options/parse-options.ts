import { PrunebenchError } from '@prunebench/core';
import { z } from 'zod';
import { nearest } from './suggest.ts';

/**
 * `value` checked by `schema`, with its defaults filled in.
 *
 * @param where what the message blames: 'Method "magnitude", options'
 * @throws PrunebenchError naming every wrong field, with the nearest known key for an unknown one
 */
export function parseOptions<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => describe(issue, schema));
  throw new PrunebenchError(`${where}: ${faults.map(({ fault }) => fault).join('; ')}.`, {
    remedy: faults
      .map(({ remedy }) => remedy)
      .filter((remedy) => remedy !== '')
      .join(' '),
  });
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType): { fault: string; remedy: string } {
  const field = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys')
    return { fault: `${field === '' ? '' : `"${field}": `}${issue.message}`, remedy: '' };
  const known = keysAt(schema, issue.path);
  const names = issue.keys.map((key) => `"${[...issue.path, key].join('.')}"`).join(', ');
  const meant = issue.keys.map((key) => nearest(key, known)).find((name) => name !== undefined);
  const hint = meant === undefined ? '' : `Did you mean "${meant}"? `;
  const list = known.length === 0 ? '' : `Known options: ${known.join(', ')}.`;
  return { fault: `unknown option ${names}`, remedy: `${hint}${list}` };
}

/** The keys that the object schema at `path` knows; none where the schema is not a plain object. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const here = unwrap(schema);
  if (!(here instanceof z.ZodObject)) return [];
  if (path.length === 0) return Object.keys(here.shape);
  const next = here.shape[String(path[0])];
  return next === undefined ? [] : keysAt(next, path.slice(1));
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unwrap(schema.unwrap());
  return schema;
}
