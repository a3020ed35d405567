/**
 * Fisher pruning of feature maps: the loss to second order in a gate α = 1 behind a unit, at a minimum and with the empirical Fisher
 * information for the curvature,
 *
 *     s_c = ½ (1/N) Σ_b ( ∂ℓ_b/∂α_c )²                  with `perCost`:  s_c / ΔC_c
 *
 * Theis, Korshunova, Tejani & Huszár, "Faster gaze prediction with dense networks and Fisher pruning", 2018, for gates. ΔC_c is the multiply-adds that
 * go with the unit, at the widths that are left: its own, and those of all that reads it. The paper minimises
 * ΔL + β ΔC for a given β; the ratio removes, for every β, what is the cheapest to lose, and needs none.
 */
import { costOf, defineCriterion, liveWeights, type Masks, type Network } from '@prunebench/core';
import {
  calibrationOptions,
  gateGradients,
  outgoingLinks,
  scoresOf,
  sumUnitSignals,
  type UnitKernel,
  unitKernels,
} from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const fisherUnits = defineCriterion({
  id: 'fisher-units',
  title: 'Fisher pruning of feature maps',
  citation: 'theis2018fisher',
  taxonomy: 'first-order',
  options: z.strictObject({
    ...calibrationOptions,
    perCost: z.boolean().default(false).describe('divide by the multiply-adds that go with the unit'),
  }),
  granularity: ['unit'],
  needs: ['weights', 'gradients', 'activations'],
  when: 'trained',
  async score(subject, { perCost, ...options }) {
    const found = await sumUnitSignals(subject, options, (signals) => tf.sum(tf.square(gateGradients(signals)), 0));
    const scores = scoresOf(found, (sum) => sum / 2 / found.examples);
    if (!perCost) return scores;
    const savingsOf = savingsIn(subject.network, subject.masks);
    return Object.fromEntries(
      unitKernels(subject.network).map((kernel) => {
        const savings = savingsOf(kernel);
        const own = scores[kernel.name];
        return [kernel.name, own.map((score, unit) => (savings[unit] > 0 ? score / savings[unit] : score))];
      }),
    );
  },
});

/**
 * Multiply-adds that go with each unit of a kernel, of the weights that are left: those that feed it, and those that read it. They are
 * counted once for all units; removing several that read one another saves less than the sum.
 */
function savingsIn(network: Network, masks: Masks): (kernel: UnitKernel) => Float64Array {
  const live = liveWeights(network, { masks });
  const positions = new Map(
    costOf(network).layers.map(({ layer, weights, multiplyAdds }) => [layer, multiplyAdds.dense / weights]),
  );
  return ({ layer: own, units }) => {
    const savings = new Float64Array(units);
    const count = (layer: string, unitOf: (flat: number) => number) => {
      const weights = live[`${layer}/kernel`];
      for (let flat = 0; flat < weights.length; flat++)
        if (weights[flat] !== 0) savings[unitOf(flat)] += positions.get(layer)!;
    };
    count(own, (flat) => flat % units);
    for (const { reader, unitOf } of outgoingLinks(network, own, units)) count(reader.name, unitOf);
    return savings;
  };
}
