/**
 * GraSP: keep the weights without which the gradient would be smaller. To first order, removing w_j changes the squared
 * gradient norm by -2 w_j (H g)_j, so
 *
 *     score_j = w_j (H g)_j,       g = ∂L/∂w,  H = ∂²L/∂w²
 *
 * at initialization, of the loss with logits divided by a temperature of 200. Wang, Zhang & Grosse, "Picking winning
 * tickets before training by preserving gradient flow", ICLR 2020; the paper's S is -score and its largest go.
 *
 * g and H are over the kernels' weights that are left: what is removed has no gradient that could be preserved. As in the
 * paper's program for CIFAR-10, 10 examples of each class in batches of 50, with the batch's statistics in batch norm. The
 * program sorts the examples by class before it halves them (`order: 'class-sorted'`) and scores with fresh dense kernels
 * (`redrawDense`); here neither is the default. Tanaka et al. 2020 score with the running statistics, and their published
 * figure is of a program without the temperature.
 */
import {
  applyMasks,
  defineCriterion,
  inferShapes,
  type Masks,
  outputLayer,
  prunableSpecs,
  type Subject,
} from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import {
  balancedBatches,
  exampleOrders,
  hessianVectorProduct,
  type KernelGradients,
  meanGradients,
  statisticsOption,
} from '@prunebench/signals';
import { z } from 'zod';

export const grasp = defineCriterion({
  id: 'grasp',
  title: 'Gradient signal preservation (GraSP)',
  citation: 'wang2020grasp',
  taxonomy: 'initialization',
  options: z.strictObject({
    samplesPerClass: z.int().positive().default(10).describe('examples of each class'),
    batchSize: z
      .int()
      .positive()
      .default(50)
      .describe('examples that are in memory, and share batch-norm statistics, at a time'),
    temperature: z.number().positive().default(200).describe('divides the logits'),
    statistics: statisticsOption('batch'),
    order: z
      .enum(exampleOrders)
      .default('dealt')
      .describe(
        "how the examples fill the batches; class-sorted is the paper's program, whose halves have other classes",
      ),
    redrawDense: z
      .boolean()
      .default(false)
      .describe("score with freshly drawn dense kernels (Glorot normal), as the paper's program does"),
  }),
  granularity: ['weight'],
  needs: ['weights', 'gradients', 'second-derivatives'],
  when: 'initialization',
  deviations: [
    "The program sorts the examples by class and scores on the two halves, so that each shares its statistics among half of the classes: `order: 'class-sorted'` with half of the examples as `batchSize`.",
    'The program scores with freshly drawn dense kernels (Glorot normal), and trains the others: `redrawDense: true`.',
  ],
  async score(given, { samplesPerClass, batchSize, order, redrawDense, ...loss }) {
    const subject = redrawDense ? withFreshDense(given) : given;
    const { network } = subject;
    const classes = Math.max(2, inferShapes(network).get(outputLayer(network).name)![0]);
    const batches = balancedBatches(subject, { classes, perClass: samplesPerClass, batchSize, order });
    const gradient = overTheAlive(await meanGradients(subject, batches, loss), subject.masks);
    const product = await hessianVectorProduct(subject, gradient, batches, loss);
    const alive = applyMasks(subject.parameters, subject.masks);
    return Object.fromEntries(
      prunableSpecs(network).map(({ name }) => [name, product[name].map((hg, i) => alive[name].values[i] * hg)]),
    );
  },
});

/** The gradient with 0 for the weights that are removed: they are no part of the network whose gradient is to be kept. */
function overTheAlive(gradient: KernelGradients, masks: Masks): KernelGradients {
  return Object.fromEntries(
    Object.entries(gradient).map(([name, values]) => [name, values.map((g, i) => (masks[name]?.[i] === 0 ? 0 : g))]),
  );
}

/** The subject with other dense kernels than those that will be trained. */
function withFreshDense({ network, parameters, masks, batches, random }: Subject): Omit<Subject, 'initialParameters'> {
  const fresh = initializeParameters(network, random, 'glorot-normal');
  const dense = network.layers.filter(({ kind }) => kind === 'dense').map(({ name }) => `${name}/kernel`);
  const redrawn = Object.fromEntries(dense.map((name) => [name, fresh[name]]));
  return { network, parameters: { ...parameters, ...redrawn }, masks, batches, random };
}
