import { z } from 'zod';

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('share of the last step that is taken again'),
    nesterov: z.boolean().default(false).describe('the gradient is taken after that share'),
  }),
  z.strictObject({
    kind: z.enum(['adam', 'adamw']),
    beta1: z.number().min(0).lt(1).default(0.9).describe('decay of the mean of gradients'),
    beta2: z.number().min(0).lt(1).default(0.999).describe('decay of the mean of squared gradients'),
    epsilon: z.number().positive().default(1e-8).describe('added to the root that the step is divided by'),
  }),
]);

const finalFactor = z.number().min(0).max(1).default(0).describe('rate at the end / learningRate');

/** How the learning rate goes from step 0 to the last; `boundaries` are shares of the whole training in (0, 1). */
const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('step'),
    boundaries: z.array(z.number().gt(0).lt(1)).min(1).describe('shares of the training after which the rate falls'),
    factor: z.number().positive().default(0.1).describe('what the rate is multiplied by there'),
  }),
  z.strictObject({
    kind: z.literal('linear'),
    from: z.number().min(0).lt(1).default(0).describe('share of the training up to which the rate is constant'),
    finalFactor,
  }),
  z.strictObject({ kind: z.literal('cosine'), finalFactor }),
  z.strictObject({
    kind: z.literal('one-cycle'),
    peak: z.number().gt(0).lt(1).default(0.3).describe('share of the training at which the rate is highest'),
    startFactor: z.number().positive().max(1).default(0.04).describe('rate at the start / learningRate'),
    finalFactor: z.number().min(0).max(1).default(0.0001).describe('rate at the end / learningRate'),
  }),
]);

/** An extension of training by name, as data: what a registered `ExtensionEntry` makes of its options. */
const extension = z.strictObject({
  id: z.string().min(1).describe('its name'),
  options: z.record(z.string(), z.unknown()).default({}).describe('its own options'),
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
    batchSize: z.int().positive().default(128).describe('examples of an update; the last of an epoch has what is left'),
    learningRate: z.number().positive().describe('the rate that the schedule starts from, or goes up to'),
    optimizer: optimizer
      .default({ kind: 'sgd', momentum: 0.9, nesterov: false })
      .describe('what makes an update of the gradients'),
    schedule: schedule.default({ kind: 'constant' }).describe('how the learning rate goes over the training'),
    warmup: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('share of the training over which the rate rises linearly from 0'),
    weightDecay: z.number().min(0).default(0).describe('adds decay * w to the gradient of kernels (AdamW: decoupled)'),
    augmentation: z
      .enum(['none', 'crop-flip'])
      .default('none')
      .describe('crop-flip: images shifted by up to 4 pixels and mirrored at random'),
    sparse: z
      .enum(['never', 'auto'])
      .default('never')
      .describe('auto: layers with few kept weights are trained by sparse kernels, which round differently'),
    evaluate: z
      .union([z.enum(['epoch', 'end']), z.strictObject({ every: z.int().positive().describe('updates') })])
      .default('epoch')
      .describe(
        'when the validation split is looked at: after every epoch, at the end alone, or every so many updates',
      ),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must lie above from' });

export type TrainOptions = z.output<typeof trainOptions>;
export type TrainOptionsInput = z.input<typeof trainOptions>;
