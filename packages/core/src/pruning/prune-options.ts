import { z } from 'zod';

/** How layer-wise densities are set: one share for all, Erdős-Rényi-kernel (Evci et al. 2020), or listed by kernel name. */
export const allocation = z.union([z.enum(['uniform', 'erk']), z.record(z.string(), z.number().min(0).max(1))]);
export type Allocation = z.output<typeof allocation>;

export const scope = z.enum(['global', 'layerwise']);
/** Where scores compete: over all layers, or inside each layer for its own share. */
export type Scope = z.output<typeof scope>;

export const granularity = z.enum(['weight', 'unit']);
/** What is removed: single weights, or whole output units (neurons, filters). */
export type Granularity = z.output<typeof granularity>;

export const SCOPES = 'global: scores compete over all layers; layerwise: inside each layer, for its own share';
export const GRANULARITIES = 'weight: single weights go; unit: whole neurons and filters';
export const COLLAPSE = 'whether a layer may lose all its weights; otherwise the trial is recorded as failed';

const sparsity = z.number().min(0).lt(1);

/** What the target of a pruning event is a share of: the prunable weights (or units), or the network's multiply-adds. */
const shareOf = z.enum(['weights', 'multiply-adds']);
export type ShareOf = z.output<typeof shareOf>;

/**
 * One pruning event: score, then select. `sparsity` is cumulative: the share of all prunable weights that is zero afterwards, those of
 * `exclude` counted among them; or, of multiply-adds, the share of the dense network's that is gone.
 */
export const pruneOptions = z.strictObject({
  criterion: z.string().describe('id of the criterion that scores'),
  criterionOptions: z.record(z.string(), z.unknown()).default({}).describe('its own options'),
  sparsity: sparsity.describe('share of all prunable weights that is zero afterwards'),
  via: z
    .array(sparsity)
    .default([])
    .describe('sparsities passed on the way, scored anew at each, without training in between (SynFlow, FORCE)'),
  scope: scope.default('global').describe(SCOPES),
  allocation: allocation.default('uniform').describe('used by scope layerwise only'),
  granularity: granularity.default('weight').describe(GRANULARITIES),
  allowLayerCollapse: z.boolean().default(false).describe(COLLAPSE),
  exclude: z.array(z.string()).default([]).describe('names of kernels that lose nothing'),
  of: shareOf.default('weights').describe('what `sparsity` is a share of'),
  shuffle: z
    .boolean()
    .default(false)
    .describe('control: remove as many weights per layer as the criterion would, but at random within the layer'),
});

export type PruneOptions = z.output<typeof pruneOptions>;
export type PruneOptionsInput = z.input<typeof pruneOptions>;

const ROUNDS = 'how often it prunes';

/** Through which sparsities a network goes on its way to the target. */
export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('one-shot') }),
  z
    .strictObject({
      kind: z.literal('iterative'),
      rate: z.number().gt(0).lt(1).default(0.5).describe('share of the weights left'),
    })
    .describe('each round removes `rate` of the weights that are left; the last goes to the target exactly'),
  z
    .strictObject({ kind: z.literal('cubic'), rounds: z.int().min(1).default(10).describe(ROUNDS) })
    .describe('gradual pruning, Zhu & Gupta 2017'),
  z
    .strictObject({ kind: z.literal('exponential'), rounds: z.int().min(1).default(100).describe(ROUNDS) })
    .describe('density falls by the same factor in every round, Tanaka et al. 2020'),
]);
export type Schedule = z.output<typeof schedule>;
