/**
 * GraSP: keep the weights without which the gradient would be smaller. To first order, removing w_j changes the squared
 * gradient norm by -2 w_j (H g)_j, so
 *
 *     score_j = w_j (H g)_j,       g = dL/dw,  H = d^2 L / dw^2
 *
 * at initialization, of the loss with logits divided by a temperature of 200. Wang, Zhang & Grosse, "Picking winning
 * tickets before training by preserving gradient flow", ICLR 2020; the paper's S is -score and its largest go.
 *
 * g and H are over the kernels alone. As in the paper's released code for CIFAR-10, 10 examples of each class in batches of 50,
 * with the batch's statistics in batch norm; Tanaka et al. 2020 run it with the running ones.
 */
import { applyMasks, defineCriterion, inferShapes, outputLayer, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';
import { balancedBatches } from './balanced-batches.ts';
import { statisticsOption } from './batch-statistics.ts';
import { meanGradients } from './gradients.ts';
import { hessianVectorProduct } from './hessian-vector.ts';

export const grasp = defineCriterion({
  id: 'grasp',
  title: 'Gradient signal preservation (GraSP)',
  citation: {
    authors: 'Wang, Zhang, Grosse',
    title: 'Picking winning tickets before training by preserving gradient flow',
    year: 2020,
    venue: 'ICLR 2020',
    url: 'https://arxiv.org/abs/2002.07376',
  },
  taxonomy: 'initialization',
  options: z.strictObject({
    samplesPerClass: z.int().positive().default(10),
    batchSize: z
      .int()
      .positive()
      .default(50)
      .describe('examples that are in memory, and share batch-norm statistics, at a time'),
    temperature: z.number().positive().default(200).describe('divides the logits'),
    statistics: statisticsOption('batch'),
  }),
  granularity: ['weight'],
  needs: ['weights', 'gradients', 'second-derivatives'],
  when: 'initialization',
  async score(subject, { samplesPerClass, batchSize, ...loss }) {
    const { network } = subject;
    const classes = Math.max(2, inferShapes(network).get(outputLayer(network).name)![0]);
    const batches = balancedBatches(subject, { classes, perClass: samplesPerClass, batchSize });
    const gradient = await meanGradients(subject, batches, loss);
    const product = await hessianVectorProduct(subject, gradient, batches, loss);
    const alive = applyMasks(subject.parameters, subject.masks);
    return Object.fromEntries(
      prunableSpecs(network).map(({ name }) => [name, product[name].map((hg, i) => alive[name].values[i] * hg)]),
    );
  },
});
