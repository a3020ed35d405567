import { z } from 'zod';

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).lt(1).default(0.9),
    nesterov: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.enum(['adam', 'adamw']),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
  }),
]);

/** How the learning rate goes from step 0 to the last; `boundaries` are shares of the whole training in (0, 1). */
const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('step'),
    boundaries: z.array(z.number().gt(0).lt(1)).min(1),
    factor: z.number().positive().default(0.1),
  }),
  z.strictObject({
    kind: z.literal('linear'),
    from: z.number().min(0).lt(1).default(0).describe('share of the training up to which the rate is constant'),
    finalFactor: z.number().min(0).max(1).default(0),
  }),
  z.strictObject({ kind: z.literal('cosine'), finalFactor: z.number().min(0).max(1).default(0) }),
  z.strictObject({
    kind: z.literal('one-cycle'),
    peak: z.number().gt(0).lt(1).default(0.3),
    startFactor: z.number().positive().max(1).default(0.04),
    finalFactor: z.number().min(0).max(1).default(0.0001),
  }),
]);

/** An extension of training by name, as data: what a registered `ExtensionEntry` makes of its options. */
const extension = z.strictObject({
  id: z.string().min(1),
  options: z.record(z.string(), z.unknown()).default({}),
});
export type ExtensionChoice = z.output<typeof extension>;

/** Everything that decides one training run besides the network, the data and the seed. */
export const trainOptions = z
  .strictObject({
    epochs: z.number().positive().describe('passes over the training split; a fraction trains a part of an epoch'),
    from: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('share of the training at which this segment begins: where the state before it was cut'),
    to: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe('share at which it stops; below 1 the state carries what a later segment needs'),
    extensions: z.array(extension).default([]).describe('what reaches into this training, in this order'),
    batchSize: z.int().positive().default(128),
    learningRate: z.number().positive(),
    optimizer: optimizer.default({ kind: 'sgd', momentum: 0.9, nesterov: false }),
    schedule: schedule.default({ kind: 'constant' }),
    warmup: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('share of the training over which the rate rises linearly from 0'),
    weightDecay: z.number().min(0).default(0).describe('adds decay * w to the gradient of kernels (AdamW: decoupled)'),
    augmentation: z.enum(['none', 'crop-flip']).default('none'),
    sparse: z
      .enum(['never', 'auto'])
      .default('never')
      .describe('auto: layers with few kept weights are trained by sparse kernels, which round differently'),
    evaluate: z
      .union([z.enum(['epoch', 'end']), z.strictObject({ every: z.int().positive() })])
      .default('epoch')
      .describe(
        'when the validation split is looked at: after every epoch, at the end alone, or every so many updates',
      ),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must lie above from' });

export type TrainOptions = z.output<typeof trainOptions>;
export type TrainOptionsInput = z.input<typeof trainOptions>;
