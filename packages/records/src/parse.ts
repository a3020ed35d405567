import { brokenSeal, isObject, messageOf, PrunebenchError, SCHEMA_VERSION } from '@prunebench/core';
import type { z } from 'zod';

/** What a text says, or why it cannot be believed. */
export type Parsed<T> = { readonly value: T; readonly sealed: boolean } | { readonly reason: string };

/**
 * Reads JSON of a schema, whose seal must hold where it has one.
 *
 * @param where names the text in the error
 * @throws PrunebenchError for another schema version, which is sound, but not ours to read
 */
export function parseSealed<T>(text: string, schema: z.ZodType<T>, where: string): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: `not valid JSON: ${messageOf(error)}` };
  }
  const version = isObject(value) ? value.schema : undefined;
  if (typeof version === 'number' && version !== SCHEMA_VERSION)
    throw new PrunebenchError(
      `${where} has schema version ${version}; this version of Prunebench reads ${SCHEMA_VERSION}.`,
      { remedy: 'Use another results folder (--results), or the version of Prunebench that wrote this one.' },
    );
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { reason: fieldAtFault(parsed.error) };
  const broken = brokenSeal(value);
  return broken === undefined
    ? { value: parsed.data, sealed: isObject(value) && 'digest' in value }
    : { reason: broken };
}

/** The first field that is not as it should be. */
export function fieldAtFault({ issues: [issue] }: z.ZodError): string {
  return `field ${issue?.path.join('.') || '(root)'}: ${issue?.message}`;
}
