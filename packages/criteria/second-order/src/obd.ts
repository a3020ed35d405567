import { type Batch, defineCriterion, type Scores, type Subject } from '@prunebench/core';
import type { ParameterTensors } from '@prunebench/network';
import { z } from 'zod';
import { calibration } from './calibration.ts';
import { addRecursionCurvature } from './curvature-recursion.ts';
import { diagonalSaliencies } from './fisher-diagonal.ts';
import { backwardSignals, forwardSignals, withParameterTensors } from './layer-signals.ts';
import { outputLoss } from './output-loss.ts';
import { addSquaredGradients } from './squared-gradients.ts';
import { emptyScores } from './weight-block.ts';
import { weightLayers } from './weight-layers.ts';

// s_q = ½ h_qq u_q², with h_qq the mean over examples of ∂²E/∂u_q².
// Y. LeCun, J. S. Denker, S. A. Solla (1990), equations 5 to 9.

export const obdOptions = z.strictObject({
  samples: z.int().positive().default(2000).describe('calibration examples'),
  curvature: z
    .enum(['levenberg-marquardt', 'full', 'gauss-newton'])
    .default('levenberg-marquardt')
    .describe(
      "levenberg-marquardt: the paper's recursion without f″, never negative; full: with f″, negative values count as 0; gauss-newton: the exact diagonal of the Gauss-Newton matrix, one backward pass per output unit",
    ),
});
export type ObdOptions = z.output<typeof obdOptions>;

export const obd = defineCriterion<ObdOptions>({
  id: 'obd',
  title: 'Optimal brain damage',
  citation: {
    authors: 'LeCun, Denker, Solla',
    title: 'Optimal Brain Damage',
    year: 1990,
    venue: 'NIPS 2',
    url: 'https://papers.nips.cc/paper/1989/hash/6c9882bbac1c7093bd25041881277658-Abstract.html',
  },
  taxonomy: 'second-order',
  options: obdOptions as z.ZodType<ObdOptions>,
  granularity: ['weight'],
  needs: ['second-derivatives'],
  when: 'trained',
  score: obdScores,
});

/** ½ h u² for every kernel weight. */
export async function obdScores(subject: Subject, options: ObdOptions): Promise<Scores> {
  const { sums, count } = await diagonalCurvature(subject, options);
  return diagonalSaliencies(
    subject,
    Object.fromEntries(Object.entries(sums).map(([name, h]) => [name, h.map((v) => Math.max(0, v))])),
    count,
  );
}

/** Σ over examples of ∂²E/∂w² by kernel, in the chosen approximation (negative entries possible in `full`), and their number. */
export async function diagonalCurvature(
  subject: Subject,
  { samples, curvature }: ObdOptions,
): Promise<{ sums: Record<string, Float64Array>; count: number }> {
  const sums = emptyScores(weightLayers(subject.network));
  let count = 0;
  await withParameterTensors(subject, async (parameters) => {
    for (const batch of calibration(subject, samples)) {
      if (curvature === 'gauss-newton') await addGaussNewton(subject, parameters, batch, sums);
      else await addRecursionCurvature(subject.network, parameters, batch, curvature, sums);
      count += batch.size;
    }
  });
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
