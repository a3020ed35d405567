import {
  applyMasks,
  defineStepKind,
  isObject,
  LayerCollapseError,
  maskedSparsity,
  type NamedEntries,
  type Normalised,
  PrunebenchError,
  parameterSpecs,
  prunableSpecs,
  pruneOptions,
  type State,
  sizeOf,
  type TrialSession,
  trainOptions,
} from '@prunebench/core';
import { z } from 'zod';
import { normaliseCriterion } from './normalise-criterion.ts';
import { normaliseExtensions } from './normalise-extensions.ts';
import { pruneStep } from './prune.ts';

export const pruneWhileAccurateOptions = z.strictObject({
  criterion: z.string().describe('id of the criterion that scores'),
  criterionOptions: z.record(z.string(), z.unknown()).default({}).describe('its own options'),
  weightsPerRound: z.int().positive().default(1).describe('how many go before the accuracy is looked at'),
  tolerance: z.number().min(0).default(0).describe('percentage points of training accuracy that may be lost'),
  biases: z
    .boolean()
    .default(false)
    .describe('whether biases go too once no more weights can, one at a time from the smallest on, by the same rule'),
  limit: z.number().gt(0).lt(1).describe('sparsity at which it stops even if nothing is lost'),
  retrain: trainOptions.nullable().describe('training that may win the accuracy back, in rounds that lost it'),
});
export type PruneWhileAccurateOptions = z.output<typeof pruneWhileAccurateOptions>;

/** A state, or none where the accuracy could not be kept; and what was trained to find out. */
interface Attempt {
  readonly state?: State;
  readonly examples: number;
}

/**
 * Removes a few weights at a time, scored anew each time, for as long as the training set is classified as well as before;
 * a round that loses accuracy is retrained, and when that does not win it back the state before the round is the result.
 * The sparsity is thus an outcome. The stop rule of Optimal Brain Surgeon's experiments (Hassibi & Stork 1993).
 *
 * @throws PrunebenchError for a threshold rule, which decides by itself how much goes
 */
export const pruneWhileAccurateStep = defineStepKind({
  kind: 'prune-while-accurate',
  options: pruneWhileAccurateOptions,
  prunes: true,
  trains: true,
  // 2: each of its trainings sees the examples in an order of its own.
  revision: 2,
  normalise: normaliseBoth,
  async run(session, state, options) {
    if (session.criterion(options.criterion).threshold)
      throw new PrunebenchError(`Criterion ${options.criterion} decides by itself how many weights go.`, {
        remedy: 'Use it as a method of its own, or another criterion here.',
      });
    const goal = (await session.evaluate(state, 'train')).accuracy - options.tolerance;
    const weights = await removeWeights(session, state, goal, options);
    const { state: last, examples } = options.biases
      ? await removeBiases(session, weights.state, goal, options)
      : { ...weights, examples: 0 };
    return { state: last, metrics: { trainedExamples: weights.examples + examples, goal } };
  },
});

/** Of the criterion, and of the extensions of the training that may follow. */
function normaliseBoth(options: Readonly<Record<string, unknown>>, entries: NamedEntries): Normalised {
  const chosen = normaliseCriterion(options, entries);
  const { retrain } = options;
  if (!isObject(retrain)) return chosen;
  const { options: trained, ...revisions } = normaliseExtensions(retrain, entries);
  return { ...chosen, ...revisions, options: { ...chosen.options, retrain: trained } };
}

async function removeWeights(
  session: TrialSession,
  state: State,
  goal: number,
  options: PruneWhileAccurateOptions,
): Promise<Required<Attempt>> {
  const weights = prunableSpecs(session.network).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const gone = Math.round(maskedSparsity(session.network, state.masks) * weights);
  const most = Math.floor(options.limit * weights);
  let best = state;
  let examples = 0;
  for (let removed = gone + options.weightsPerRound; removed <= most; removed += options.weightsPerRound) {
    session.progress({ fraction: removed / most });
    const pruned = await removeUpTo(session, best, removed / weights, options);
    if (!pruned) break;
    const attempt = await keepingAccuracy(session, pruned, goal, options);
    examples += attempt.examples;
    if (!attempt.state) break;
    best = attempt.state;
  }
  return { state: best, examples };
}

/** Undefined where the next weight would be a layer's last. */
async function removeUpTo(
  session: TrialSession,
  from: State,
  sparsity: number,
  { criterion, criterionOptions }: PruneWhileAccurateOptions,
): Promise<State | undefined> {
  try {
    return (await pruneStep.run(session, from, pruneOptions.parse({ criterion, criterionOptions, sparsity }))).state;
  } catch (error) {
    if (error instanceof LayerCollapseError) return undefined;
    throw error;
  }
}

/** Tries every bias once: one that must stay does not stop the others, whose unit may be unused by now. */
async function removeBiases(
  session: TrialSession,
  state: State,
  goal: number,
  options: PruneWhileAccurateOptions,
): Promise<Required<Attempt>> {
  const left = parameterSpecs(session.network)
    .filter(({ role }) => role === 'bias')
    .flatMap(({ name, shape }) => Array.from({ length: sizeOf(shape) }, (_, index) => ({ name, index })))
    .filter(({ name, index }) => state.masks[name]?.[index] !== 0);
  let best = state;
  let examples = 0;
  while (left.length > 0) {
    const size = ({ name, index }: (typeof left)[number]) => Math.abs(best.parameters[name].values[index]);
    const { name, index } = left.sort((a, b) => size(b) - size(a)).pop()!;
    const kept = best.masks[name]?.slice() ?? new Uint8Array(best.parameters[name].values.length).fill(1);
    kept[index] = 0;
    const masks = { ...best.masks, [name]: kept };
    const pruned = { ...best, parameters: applyMasks(best.parameters, masks), masks };
    const attempt = await keepingAccuracy(session, pruned, goal, options);
    examples += attempt.examples;
    best = attempt.state ?? best;
  }
  return { state: best, examples };
}

/** The pruned state, retrained if need be. */
async function keepingAccuracy(
  session: TrialSession,
  pruned: State,
  goal: number,
  { retrain }: PruneWhileAccurateOptions,
): Promise<Attempt> {
  if ((await session.evaluate(pruned, 'train')).accuracy >= goal) return { state: pruned, examples: 0 };
  if (!retrain) return { examples: 0 };
  const { state, metrics } = await session.train(pruned, retrain);
  const examples = metrics.trainedExamples ?? 0;
  return (await session.evaluate(state, 'train')).accuracy >= goal ? { state, examples } : { examples };
}
