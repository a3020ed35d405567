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
    return {
      fault: `${field === '' ? '' : `"${field}": `}${isMissing(issue) ? 'it is missing' : issue.message}`,
      remedy:
        issue.code === 'invalid_type' && issue.expected === 'object'
          ? rightForms(field, schemaAt(schema, issue.path))
          : '',
    };
  const known = keysAt(schema, issue.path);
  const names = issue.keys.map((key) => `"${[...issue.path, key].join('.')}"`).join(', ');
  const meant = issue.keys.map((key) => nearest(key, known)).find((name) => name !== undefined);
  const hint = meant === undefined ? '' : `Did you mean "${meant}"? `;
  const list = known.length === 0 ? '' : `Known options: ${known.join(', ')}.`;
  return { fault: `unknown option ${names}`, remedy: `${hint}${list}` };
}

/** Zod has no other sign of a field that is not there than what it would say of it. */
function isMissing({ code, message }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && message.endsWith('received undefined');
}

/** The keys that the object schema at `path` knows; none where the schema is not a plain object. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const here = schemaAt(schema, path);
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** The schema of the field at `path`; undefined where a part of the way is no plain object. */
function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  const here = unwrap(schema);
  if (path.length === 0) return here;
  const next = here instanceof z.ZodObject ? here.shape[String(path[0])] : undefined;
  return next === undefined ? undefined : schemaAt(next, path.slice(1));
}

/** What may stand where one of several kinds of object is wanted, with the defaults of each; nothing for any other schema. */
function rightForms(field: string, schema: z.core.$ZodType | undefined): string {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return '';
  const { discriminator, options } = schema.def;
  const forms = options.flatMap((option) => {
    const kind = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
    if (!(kind instanceof z.ZodLiteral)) return [];
    const filled = z.safeParse(option, { [discriminator]: kind.value });
    return [JSON.stringify(filled.success ? filled.data : { [discriminator]: kind.value })];
  });
  return `Write "${field}" as an object: ${forms.join(' or ')}.`;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return unwrap(schema.unwrap());
  return schema;
}
