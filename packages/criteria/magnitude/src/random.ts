/**
 * Random pruning, the floor under every criterion at equal sparsity, allocation and retraining:
 *
 *     score(w) ~ Uniform[0, 1)
 *
 * A control since LeCun, Denker & Solla 1990; on its own merits: Liu et al., "The unreasonable effectiveness of random
 * pruning", ICLR 2022.
 *
 * The survivors are not multiplied by 1 / density. Dropout does so because it draws a new mask at every step and the
 * expectation over masks is what is used in the end; here one mask is drawn once and stays, there is no expectation to
 * preserve, and a rescaled network would no longer be the other criteria's control.
 */
import { defineCriterion, prunableSpecs, type RandomStream, sizeOf } from '@prunebench/core';
import { unitKernels } from '@prunebench/signals';
import { z } from 'zod';

const uniforms = (stream: RandomStream, size: number) => new Float64Array(size).map(() => stream.uniform());

export const random = defineCriterion({
  id: 'random',
  title: 'Random weights',
  citation: 'liu2022random',
  taxonomy: 'baseline',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['nothing'],
  when: 'any',
  score: ({ network, random }) =>
    Object.fromEntries(
      prunableSpecs(network).map(({ name, shape }) => [name, uniforms(random.fork(name), sizeOf(shape))]),
    ),
});

/** The same for whole neurons and filters. */
export const randomUnit = defineCriterion({
  id: 'random-unit',
  title: 'Random units',
  citation: 'liu2022random',
  taxonomy: 'baseline',
  options: z.strictObject({}),
  granularity: ['unit'],
  needs: ['nothing'],
  when: 'any',
  score: ({ network, random }) =>
    Object.fromEntries(unitKernels(network).map(({ name, units }) => [name, uniforms(random.fork(name), units)])),
});
