/** Options' schemas as rows for readers: name, what it may be, default, meaning. */
import { z } from 'zod';

/** What of a JSON schema is read here. */
const jsonSchema = z.looseObject({
  description: z.string().optional(),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  required: z.array(z.string()).optional(),
  get items() {
    return z.union([jsonSchema, z.literal(false)]).optional();
  },
  get prefixItems() {
    return z.array(jsonSchema).optional();
  },
  get properties() {
    return z.record(z.string(), jsonSchema).optional();
  },
  get anyOf() {
    return z.array(jsonSchema).optional();
  },
  get oneOf() {
    return z.array(jsonSchema).optional();
  },
});
type JsonSchema = z.output<typeof jsonSchema>;

/** An option as a page shows it. */
export interface OptionRow {
  /** "optimizer.momentum" */
  readonly name: string;
  /** Of which alternative it is: "sgd"; empty where it is always there. */
  readonly of: string;
  /** "number ≥ 0, < 1", "`global`, `layerwise`" */
  readonly type: string;
  /** As JSON; "required" where there is none, empty where it may be left out. */
  readonly fallback: string;
  readonly meaning: string;
}

/** A schema whose rows stand elsewhere already, and how they are referred to. */
export interface KnownOptions {
  readonly schema: z.ZodType;
  readonly name: string;
}

/** The rows of an options' schema, nested ones behind the option that they belong to. */
export function optionRows(options: z.ZodType, known: readonly KnownOptions[] = []): readonly OptionRow[] {
  const elsewhere = new Map(known.map(({ schema, name }) => [shapeOf(jsonOf(schema)), name]));
  return rowsOf(jsonOf(options), '', '', elsewhere);
}

function jsonOf(options: z.ZodType): JsonSchema {
  return jsonSchema.parse(z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }));
}

type Elsewhere = ReadonlyMap<string, string>;

function rowsOf(schema: JsonSchema, prefix: string, of: string, elsewhere: Elsewhere): readonly OptionRow[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([key, option]): readonly OptionRow[] => {
    // What tells alternatives apart is named with each of them.
    if (of !== '' && key === 'kind') return [];
    const name = `${prefix}${key}`;
    const needed = required.includes(key) ? 'required' : '';
    const row = {
      name,
      of,
      type: typeOf(option, elsewhere),
      fallback: option.default === undefined ? needed : `\`${JSON.stringify(option.default)}\``,
      meaning: option.description ?? '',
    };
    return [row, ...nested(option, name, elsewhere)];
  });
}

function nested(option: JsonSchema, name: string, elsewhere: Elsewhere): readonly OptionRow[] {
  if (elsewhere.has(shapeOf(option))) return [];
  const inside = [
    ...rowsOf(option, `${name}.`, '', elsewhere),
    ...alternatives(option).flatMap((one) =>
      elsewhere.has(shapeOf(one)) ? [] : rowsOf(one, `${name}.`, kindsOf(one).join(', ') || 'object', elsewhere),
    ),
  ];
  return option.items ? [...inside, ...rowsOf(option.items, `${name}[].`, '', elsewhere)] : inside;
}

function typeOf(schema: JsonSchema, elsewhere: Elsewhere): string {
  const known = elsewhere.get(shapeOf(schema));
  if (known !== undefined) return known;
  const choices = alternatives(schema);
  const kinds = choices.flatMap(kindsOf);
  if (kinds.length > 0) return `\`kind\`: ${kinds.join(', ')}`;
  if (choices.length > 0) return choices.map((choice) => typeOf(choice, elsewhere)).join(', or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeOf(item, elsewhere)).join('; ')}]`;
  if (schema.items) return `list of ${typeOf(schema.items, elsewhere)}`;
  return `${schema.type === 'integer' ? 'whole number' : (schema.type ?? 'anything')}${rangeOf(schema)}`;
}

/** The bounds that a user meets: not those of what a number can hold. */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const bounds = [
    minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : `≥ ${minimum}`,
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${maximum}`,
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
  ].filter((bound) => bound !== '');
  return bounds.length === 0 ? '' : ` ${bounds.join(', ')}`;
}

function alternatives({ anyOf = [], oneOf = [] }: JsonSchema): readonly JsonSchema[] {
  return [...anyOf, ...oneOf];
}

function kindsOf({ properties }: JsonSchema): readonly string[] {
  const kind = properties?.kind;
  if (!kind) return [];
  return (kind.enum ?? [kind.const]).map((value) => `\`${value}\``);
}

/** A schema without what stands beside its place: the same options in another place have the same. */
function shapeOf({ default: _, description: __, $schema: ___, ...shape }: JsonSchema): string {
  return JSON.stringify(shape);
}
