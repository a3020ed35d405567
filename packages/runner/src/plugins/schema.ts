import { isAbsolute } from 'node:path';
import { granularity, kernelInitializers, needs, paperOf, plainId, scales } from '@prunebench/core';
import { z } from 'zod';

/*
 * Only what would fail later without naming the plugin is checked. The entries themselves are used, not what the schema
 * makes of them: they may be objects of classes, and may hold more than the suite knows of.
 */
const name = z.string().min(1);
const call = z.custom((value) => typeof value === 'function', 'must be a function');
// Not `instanceof`: a plugin may bring its own copy of Zod.
const options = z.custom(
  (value) => typeof value === 'object' && value !== null && '_zod' in value && 'safeParse' in value,
  'must be a Zod 4 schema',
);
const described = { id: plainId, title: name };
const paper = z.looseObject(
  { authors: name, title: name, year: z.number(), venue: name, url: name },
  { error: ({ input }) => (typeof input === 'string' ? `no key of core's bibliography: "${input}"` : undefined) },
);
const published = {
  ...described,
  citation: z.preprocess((value) => (typeof value === 'string' ? (paperOf(value) ?? value) : value), paper),
  taxonomy: name,
  options,
};

const criterion = z.looseObject({
  ...published,
  granularity: z.array(granularity).min(1),
  needs: z.array(z.enum(needs)),
  when: z.enum(['initialization', 'trained', 'any']),
  score: call,
  checkMemory: call.optional(),
  compensate: call.optional(),
  threshold: call.optional(),
  regrows: z.boolean().optional(),
  revision: z.int().positive().optional(),
  deviations: z.array(name).optional(),
});

const method = z.looseObject({
  ...published,
  steps: call,
  criterion: call.optional(),
  revision: z.int().positive().optional(),
});

const extension = z.looseObject({
  ...described,
  citation: published.citation,
  options,
  revision: z.int().positive().optional(),
  create: call,
});

const dataset = z.looseObject({
  ...described,
  shape: z.looseObject({ inputShape: z.array(z.int().positive()), classes: z.int().positive() }),
  load: call,
});

/** Nothing of it is read yet: its checksum may be that of a large file. */
const pretrained = z.custom(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'checksum' in value &&
    'load' in value &&
    typeof value.load === 'function',
  'must have a checksum and a function load',
);

const network = z.looseObject({
  ...described,
  initializer: z.enum(kernelInitializers),
  build: call,
  pretrained: pretrained.optional(),
});

const seeds = z.int().positive();
/** What a benchmark's declaration must have, in a plugin or in a folder of benchmarks/. */
export const benchmark = z.looseObject({
  ...described,
  question: name,
  seeds: z.looseObject(Object.fromEntries(scales.map((scale) => [scale, seeds]))),
  trials: call,
  published: z.array(z.looseObject({})),
  folder: z.string().refine(isAbsolute, 'must be an absolute path, as import.meta.dirname is').optional(),
});

const step = z.looseObject({
  kind: name,
  options,
  prunes: z.boolean(),
  trains: z.boolean(),
  completesPruning: z.boolean().optional(),
  loadsPretrained: z.boolean().optional(),
  revision: z.int().positive().optional(),
  work: call.optional(),
  normalise: call.optional(),
  run: call,
});

export const pluginSchema = z.strictObject({
  benchmarks: z.array(benchmark).optional(),
  criteria: z.array(criterion).optional(),
  datasets: z.array(dataset).optional(),
  extensions: z.array(extension).optional(),
  methods: z.array(method).optional(),
  networks: z.array(network).optional(),
  steps: z.array(step).optional(),
});
