/**
 * Lottery tickets (Frankle & Carbin 2019) with late rewinding (Frankle, Dziugaite, Roy & Carbin 2020): train, remove the smallest
 * weights, set the others back to what they were after `rewind` of the training, train on from there; again and again.
 */
import {
  defineMethod,
  type Network,
  PrunebenchError,
  prunableSpecs,
  SCOPES,
  type Step,
  shareAt,
  sizeOf,
  sparsitySteps,
} from '@prunebench/core';
import { z } from 'zod';

const options = z.strictObject({
  rate: z.number().gt(0).lt(1).default(0.2).describe('share of the weights left that a round removes'),
  outputRate: z
    .number()
    .min(0)
    .lt(1)
    .nullable()
    .default(0.1)
    .describe('the same for the output layer (null: as for the others); for scope layerwise'),
  rewind: z.number().min(0).lt(1).default(0).describe('share of the training to which the weights left go back'),
  scope: z.enum(['layerwise', 'global']).default('layerwise').describe(SCOPES),
  control: z
    .enum(['none', 'reinitialize', 'one-shot'])
    .default('none')
    .describe('the last ticket with weights drawn anew, or one round that goes to the target at once'),
});

export const lotteryTicket = defineMethod({
  id: 'lottery-ticket',
  title: 'Lottery ticket, iterative magnitude pruning with rewinding',
  citation: 'frankle2020connectivity',
  taxonomy: 'magnitude',
  options,
  steps({ network, pretrain, retrain, at, options: chosen }) {
    if (!pretrain || retrain)
      throw new PrunebenchError('A lottery ticket is trained with the same training in every round.', {
        remedy: 'Declare it as pretrain, and retrain as null.',
      });
    const { rate, rewind, control } = chosen;
    const schedule = control === 'one-shot' ? { kind: 'one-shot' as const } : { kind: 'iterative' as const, rate };
    const targets = sparsitySteps(schedule, shareAt(at)).filter((target) => target > 0);
    const train = (from: number, to: number): Step => ({ kind: 'train', options: { ...pretrain, from, to } });
    // The first training stops at the point of return on its way, which is step 0 then.
    const first = rewind > 0 ? [train(0, rewind), train(rewind, 1)] : [train(0, 1)];
    const back: Step = { kind: 'rewind', options: { to: rewind > 0 ? 0 : -1 } };
    const rounds = targets.flatMap((target, round) => {
      const prune = pruneTo(network, target, chosen);
      if (control !== 'reinitialize' || round + 1 < targets.length) return [prune, back, train(rewind, 1)];
      return [prune, { kind: 'reinitialize', options: {} }, train(0, 1)];
    });
    return [...first, ...rounds];
  },
});

/** Removes the smallest weights up to a sparsity, in every layer by the same rate but in the output layer by its own. */
function pruneTo(network: Network, sparsity: number, { rate, outputRate, scope }: z.output<typeof options>): Step {
  const allocation =
    scope === 'layerwise' && outputRate !== null ? densities(network, sparsity, rate, outputRate) : 'uniform';
  return { kind: 'prune', options: { criterion: 'magnitude', sparsity, scope, allocation } };
}

/** Densities by kernel: after as many rounds as make the whole network that sparse. */
function densities(network: Network, sparsity: number, rate: number, outputRate: number): Record<string, number> {
  const kernels = prunableSpecs(network).map(({ name, shape }) => ({ name, weights: sizeOf(shape) }));
  const output = kernels.at(-1)!;
  const total = kernels.reduce((sum, { weights }) => sum + weights, 0);
  const left = (rounds: number) =>
    (total - output.weights) * (1 - rate) ** rounds + output.weights * (1 - outputRate) ** rounds;
  let [low, high] = [0, 1000];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (left(middle) > (1 - sparsity) * total) low = middle;
    else high = middle;
  }
  return Object.fromEntries(
    kernels.map(({ name }) => [name, (1 - (name === output.name ? outputRate : rate)) ** high] as const),
  );
}
