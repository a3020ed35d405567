/**
 * Optimal brain damage: what the loss rises by when a weight is set to 0, with a diagonal Hessian and the gradient 0,
 *
 *     s_q = ½ h_qq u_q²,       h_qq = (1/P) Σ ∂²E/∂u_q² over examples
 *
 * LeCun, Denker & Solla, "Optimal brain damage", NIPS 2, 1990, equations 5 to 9. The second derivatives are propagated back
 * layer by layer (`addRecursionCurvature` of signals says how, and what is beyond the paper); `gauss-newton` takes the exact
 * diagonal of the Gauss-Newton matrix instead.
 */
import { type Batch, defineCriterion, type Subject } from '@prunebench/core';
import { type ParameterTensors, TensorScope } from '@prunebench/network';
import {
  addRecursionCurvature,
  addSquaredGradients,
  aliveTensors,
  backwardSignals,
  firstExamples,
  forwardSignals,
  outputLoss,
  weightLayers,
} from '@prunebench/signals';
import { z } from 'zod';
import { diagonalSaliencies } from './surgery/diagonal-saliencies.ts';
import { emptyScores } from './surgery/weight-block.ts';

const curvature = z
  .enum(['levenberg-marquardt', 'full', 'gauss-newton'])
  .default('levenberg-marquardt')
  .describe(
    "levenberg-marquardt: the paper's recursion without f″, never negative; full: with f″, negative values count as 0; gauss-newton: the exact diagonal of the Gauss-Newton matrix, one backward pass per output unit",
  );

export const obd = defineCriterion({
  id: 'obd',
  title: 'Optimal brain damage',
  citation: 'lecun1990obd',
  taxonomy: 'second-order',
  options: z.strictObject({
    samples: z.int().positive().default(2000).describe('calibration examples'),
    curvature,
  }),
  granularity: ['weight'],
  needs: ['second-derivatives'],
  when: 'trained',
  async score(subject, options) {
    const { sums, count } = await diagonalCurvature(subject, options);
    for (const [name, sum] of Object.entries(sums)) sums[name] = sum.map((h) => Math.max(0, h));
    return diagonalSaliencies(subject, sums, count);
  },
});

/** Σ over examples of ∂²E/∂w² by kernel, in the chosen approximation (negative entries possible in `full`), and their number. */
export async function diagonalCurvature(
  subject: Subject,
  options: { readonly samples: number; readonly curvature: z.output<typeof curvature> },
): Promise<{ sums: Record<string, Float64Array>; count: number }> {
  const sums = emptyScores(weightLayers(subject.network));
  let count = 0;
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of firstExamples(subject, options.samples)) {
    if (options.curvature === 'gauss-newton') await addGaussNewton(subject, parameters, batch, sums);
    else await addRecursionCurvature(subject.network, parameters, batch, options.curvature, sums);
    count += batch.size;
  }
  return { sums, count };
}

/** Σ_c (∂(s_c · o)/∂w)² over the factors s_c of the loss's output curvature. */
async function addGaussNewton(
  { network }: Subject,
  parameters: ParameterTensors,
  batch: Batch,
  sums: Readonly<Record<string, Float64Array>>,
): Promise<void> {
  const layers = weightLayers(network);
  const { outputs, inputs } = await forwardSignals(network, parameters, batch, layers);
  const labelled = { outputs, labels: batch.y, units: outputs.length / batch.size };
  for (const seed of outputLoss(network).curvatureFactors(labelled)) {
    const deltas = await backwardSignals(network, parameters, batch, layers, seed);
    for (const layer of layers) {
      const { name } = layer.layer;
      await addSquaredGradients(sums[layer.kernel], layer, inputs.get(name)!, deltas.get(name)!, batch.size);
    }
  }
}
