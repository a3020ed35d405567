/**
 * Fisher pruning: optimal brain damage with the diagonal of the empirical Fisher matrix for the Hessian,
 *
 *     s_q = ½ w_q² (1/N) Σ_i g_iq²
 *
 * with g_i the gradient of example i's loss. Theis, Korshunova, Tejani & Huszár, "Faster gaze prediction with dense networks and
 * Fisher pruning", 2018, equation 6, on weights instead of feature-map gates.
 */
import { defineCriterion } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import {
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

export const fisherDiagonal = defineCriterion({
  id: 'fisher-diagonal',
  title: 'Diagonal empirical Fisher',
  citation: 'theis2018fisher',
  taxonomy: 'second-order',
  options: z.strictObject({ samples: z.int().positive().default(1000).describe('calibration examples, N') }),
  granularity: ['weight'],
  needs: ['per-sample-gradients'],
  when: 'trained',
  async score(subject, { samples }) {
    const { network } = subject;
    const layers = weightLayers(network);
    const squares = emptyScores(layers);
    const loss = outputLoss(network);
    let count = 0;
    using scope = new TensorScope();
    const parameters = aliveTensors(subject, scope);
    for (const batch of firstExamples(subject, samples)) {
      const { outputs, inputs } = await forwardSignals(network, parameters, batch, layers);
      const seed = loss.gradient({ outputs, labels: batch.y, units: outputs.length / batch.size });
      const deltas = await backwardSignals(network, parameters, batch, layers, seed);
      for (const layer of layers) {
        const { name } = layer.layer;
        await addSquaredGradients(squares[layer.kernel], layer, inputs.get(name)!, deltas.get(name)!, batch.size);
      }
      count += batch.size;
    }
    return diagonalSaliencies(subject, squares, count);
  },
});
