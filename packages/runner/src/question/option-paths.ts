/** What options there are, as JSON schemas tell it: paths to name, values that are allowed. */
import { z } from 'zod';

/** A schema, or what stands at some place of one: any of several. */
export type OptionSchema = z.core.JSONSchema.BaseSchema;

/** The options that a schema takes, as a JSON schema. */
export function optionSchema(schema: z.ZodType): OptionSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/**
 * Every schema that may hold at `path` below one of `schemas`; none where no option has that path. Below a list or an object with
 * keys of one's own (densities by layer, options of extensions) any name is an option.
 */
export function schemasAt(schemas: readonly OptionSchema[], path: readonly string[]): readonly OptionSchema[] {
  const [name, ...rest] = path;
  if (name === undefined) return schemas;
  return schemasAt(
    schemas.flatMap(alternatives).flatMap((schema) => {
      const child = Object.hasOwn(schema.properties ?? {}, name)
        ? schema.properties?.[name]
        : schema.additionalProperties;
      return typeof child === 'object' ? [child] : [];
    }),
    rest,
  );
}

/** The paths of all options below `schemas`, objects before what they hold. */
export function optionPaths(schemas: readonly OptionSchema[]): readonly string[] {
  const paths = schemas
    .flatMap(alternatives)
    .flatMap((schema) =>
      Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
        typeof child === 'object' ? [name, ...optionPaths([child]).map((below) => `${name}.${below}`)] : [],
      ),
    );
  return [...new Set(paths)];
}

/** The values of `kind` of those alternatives, of several that are told apart by it, that have an option called `name`. */
export function kindsWith(schemas: readonly OptionSchema[], name: string): readonly string[] {
  return schemas.flatMap(alternatives).flatMap(({ properties }) => {
    const kind = properties?.kind;
    if (typeof kind !== 'object' || !Object.hasOwn(properties ?? {}, name)) return [];
    return literals(kind).map(String);
  });
}

/** The values that are allowed, in words: "a number above 0", "sgd, adam or adamw", "an object with kind and rate". */
export function allowedValues(schemas: readonly OptionSchema[]): string {
  return inWords([...new Set(schemas.flatMap(alternatives).flatMap(described))], 'or');
}

/** A schema and all that it is any or all of. */
function alternatives(schema: OptionSchema): readonly OptionSchema[] {
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...parts.flatMap(alternatives)];
}

function described(schema: OptionSchema): readonly string[] {
  const values = literals(schema);
  if (values.length > 0) return values.map(String);
  const { type, properties } = schema;
  if (type === 'number' || type === 'integer')
    return [`a ${type === 'integer' ? 'whole ' : ''}number${bounds(schema)}`];
  if (type === 'boolean') return ['true', 'false'];
  if (type === 'null') return ['null'];
  if (type === 'string') return ['a text'];
  if (type === 'array') return [`a list in brackets of ${listed(schema) || 'values'}`];
  if (properties) return [`an object with ${inWords(Object.keys(properties), 'and')}`];
  return type === 'object' ? ['an object'] : [];
}

function listed({ items }: OptionSchema): string {
  const each = Array.isArray(items) ? items : [items];
  return allowedValues(each.flatMap((item) => (typeof item === 'object' ? [item] : [])));
}

function literals(schema: OptionSchema): readonly unknown[] {
  return schema.const === undefined ? (schema.enum ?? []) : [schema.const];
}

function bounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: OptionSchema): string {
  const parts = [
    ...(exclusiveMinimum === undefined ? [] : [` above ${exclusiveMinimum}`]),
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? [] : [` of at least ${minimum}`]),
    ...(exclusiveMaximum === undefined ? [] : [` below ${exclusiveMaximum}`]),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? [] : [` of at most ${maximum}`]),
  ];
  return parts.join(' and');
}

function inWords(words: readonly string[], join: 'and' | 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${join} ${words.at(-1)}`;
}
