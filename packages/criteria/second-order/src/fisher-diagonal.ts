import { defineCriterion, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { calibration } from './calibration.ts';
import { backwardSignals, forwardSignals, withParameterTensors } from './layer-signals.ts';
import { outputLoss } from './output-loss.ts';
import { addSquaredGradients } from './squared-gradients.ts';
import { emptyScores } from './weight-block.ts';
import { weightLayers } from './weight-layers.ts';

// s_q = ½ w_q² (1/N) Σ_i g_iq²: optimal brain damage with the diagonal of the empirical Fisher matrix for the Hessian.
// L. Theis, I. Korshunova, A. Tejani, F. Huszár (2018), equation 6, on weights instead of feature-map gates.

export const fisherDiagonalOptions = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples, N'),
});
export type FisherDiagonalOptions = z.output<typeof fisherDiagonalOptions>;

export const fisherDiagonal = defineCriterion<FisherDiagonalOptions>({
  id: 'fisher-diagonal',
  title: 'Diagonal empirical Fisher',
  citation: {
    authors: 'Theis, Korshunova, Tejani, Huszár',
    title: 'Faster gaze prediction with dense networks and Fisher pruning',
    year: 2018,
    venue: 'arXiv:1801.05787',
    url: 'https://arxiv.org/abs/1801.05787',
  },
  taxonomy: 'second-order',
  options: fisherDiagonalOptions as z.ZodType<FisherDiagonalOptions>,
  granularity: ['weight'],
  needs: ['per-sample-gradients'],
  when: 'trained',
  score: fisherDiagonalScores,
});

/** ½ w² times the mean squared gradient of single examples, for every kernel weight. */
export async function fisherDiagonalScores(subject: Subject, { samples }: FisherDiagonalOptions): Promise<Scores> {
  const layers = weightLayers(subject.network);
  const squares = emptyScores(layers);
  const loss = outputLoss(subject.network);
  let count = 0;
  await withParameterTensors(subject, async (parameters) => {
    for (const batch of calibration(subject, samples)) {
      const { outputs, inputs } = await forwardSignals(subject.network, parameters, batch, layers);
      const seed = loss.gradient({ outputs, labels: batch.y, units: outputs.length / batch.size });
      const deltas = await backwardSignals(subject.network, parameters, batch, layers, seed);
      for (const layer of layers)
        await addSquaredGradients(
          squares[layer.kernel],
          layer,
          inputs.get(layer.layer.name)!,
          deltas.get(layer.layer.name)!,
          batch.size,
        );
      count += batch.size;
    }
  });
  return diagonalSaliencies(subject, squares, count);
}

/** ½ w² h with h = `sums` / count; 0 for weights that are pruned already. */
export function diagonalSaliencies(
  subject: Subject,
  sums: Readonly<Record<string, Float64Array>>,
  count: number,
): Scores {
  return Object.fromEntries(
    Object.entries(sums).map(([name, values]) => {
      const weights = subject.parameters[name].values;
      const mask = subject.masks[name];
      return [name, values.map((sum, i) => (mask?.[i] === 0 ? 0 : (weights[i] ** 2 * sum) / (2 * count)))];
    }),
  );
}
