import { z } from 'zod';
import { shareAt } from '../contracts/axis.ts';
import type { Criterion } from '../contracts/criterion.ts';
import { defineMethod, type Method, type Plan, type Step } from '../contracts/method.ts';
import type { TrainOptions } from '../contracts/train-options.ts';
import { PrunebenchError } from '../errors.ts';
import { excludedKernels, refuseUnreachable } from './exclude.ts';
import {
  allocation,
  COLLAPSE,
  GRANULARITIES,
  granularity,
  type PruneOptions,
  SCOPES,
  schedule,
  scope,
} from './prune-options.ts';
import { sparsitySteps } from './schedule.ts';

const CRITERION = "the criterion's own options";
const plainOptions = z.record(z.string(), z.unknown());

/** What a user may choose about a criterion's method; `criterion` holds the criterion's own options. */
export const criterionMethodOptions = z.strictObject({
  criterion: plainOptions.default({}).describe(CRITERION),
  schedule: schedule.default({ kind: 'one-shot' }).describe('through which sparsities the network goes to the target'),
  scope: scope.default('global').describe(SCOPES),
  allocation: allocation.default('uniform').describe('scope layerwise only'),
  granularity: granularity.optional().describe("default: the criterion's first"),
  exclude: z
    .array(z.string())
    .default([])
    .describe('layers that lose nothing, by name, or "first" and "last"; the sparsity stays that of the whole network'),
  when: z
    .enum(['initialization', 'trained'])
    .optional()
    .describe("prune before or after the first training; default: the criterion's own, trained where it takes either"),
  control: z
    .enum(['none', 'shuffle-masks', 'reinitialize'])
    .default('none')
    .describe(
      'shuffle-masks: same count per layer, other weights; reinitialize: same masks, fresh weights, full training',
    ),
  retrain: z
    .enum(['every-round', 'last-round'])
    .default('every-round')
    .describe('after which rounds of the schedule the network is trained'),
  allowLayerCollapse: z.boolean().default(false).describe(COLLAPSE),
});

/** What is parsed; of a criterion's own options nothing is known here. */
export type CriterionMethodOptions = Omit<z.output<typeof criterionMethodOptions>, 'criterion'> & {
  readonly criterion: unknown;
};

/**
 * The method that scores with `criterion`, selects, and retrains.
 *
 * A trained network: train(pretrain), then for every sparsity of the schedule prune and train(retrain). At initialization:
 * all pruning rounds, then train(pretrain) and train(retrain), so that a one-shot trial has the same budget either way.
 * Rounds without training in between are one step. Control `reinitialize` ends with fresh weights under the final masks
 * and both trainings. A training that the plan leaves out (null) is left out.
 */
export function fromCriterion(criterion: Criterion): Method {
  return defineMethod({
    id: criterion.id,
    title: criterion.title,
    citation: criterion.citation,
    taxonomy: criterion.taxonomy,
    options: optionsFor(criterion),
    ...(criterion.revision === undefined ? {} : { revision: criterion.revision }),
    steps: (plan) => stepsFor(criterion, plan),
  });
}

function optionsFor(criterion: Criterion): z.ZodType<CriterionMethodOptions> {
  return criterionMethodOptions
    .extend({
      criterion: z.prefault(criterion.options, {}).describe(CRITERION),
      granularity: z.enum(criterion.granularity).default(criterion.granularity[0]).describe(GRANULARITIES),
    })
    .refine((options) => options.scope === 'layerwise' || options.allocation === 'uniform', {
      path: ['allocation'],
      message: 'an allocation has no effect in scope global; set scope to layerwise',
    })
    .refine((options) => typeof options.allocation === 'string' || options.exclude.length === 0, {
      path: ['exclude'],
      message: 'listed densities say it already; list density 1 for a layer that loses nothing',
    })
    .refine((options) => typeof options.allocation === 'string' || options.schedule.kind === 'one-shot', {
      path: ['schedule'],
      message: 'listed densities fit one sparsity only; use the one-shot schedule',
    });
}

function stepsFor(criterion: Criterion, plan: Plan<CriterionMethodOptions>): readonly Step[] {
  const { options } = plan;
  const when = options.when ?? (criterion.when === 'initialization' ? 'initialization' : 'trained');
  const pretrain = training(plan.pretrain);
  const retrain = training(plan.retrain);
  const initial = when === 'initialization';
  const [before, after] = initial ? [[], [...pretrain, ...retrain]] : [pretrain, retrain];
  const betweenRounds = initial || options.retrain === 'last-round' ? [] : retrain;
  const rounds = pruneSteps(criterion, plan, betweenRounds.length > 0);
  // Re-initialization takes the place of what would follow the last round.
  const end: readonly Step[] =
    options.control === 'reinitialize' ? [{ kind: 'reinitialize', options: {} }, ...pretrain, ...retrain] : after;
  return [...before, ...rounds.flatMap((round, k) => (k === 0 ? [round] : [...betweenRounds, round])), ...end];
}

function training(options: TrainOptions | null): readonly Step[] {
  return options === null ? [] : [{ kind: 'train', options }];
}

/** One step for each sparsity of the schedule where training comes in between, else one that passes them all. */
function pruneSteps(
  criterion: Criterion,
  { network, options, at }: Plan<CriterionMethodOptions>,
  trainsBetween: boolean,
): Step[] {
  const [fallback] = criterion.granularity;
  const unit = options.granularity ?? fallback;
  if (!criterion.granularity.includes(unit))
    throw new PrunebenchError(`Criterion ${criterion.id} does not score granularity ${unit}.`, {
      remedy: `Use ${criterion.granularity.join(' or ')}.`,
    });
  if ('units' in at && unit !== 'unit')
    throw new PrunebenchError(`Method ${criterion.id} removes single weights, and is asked for a share of units.`, {
      remedy: "Give it the option granularity: 'unit', where the criterion has it, or declare a sparsity.",
    });
  const sparsity = 'multiplyAdds' in at ? at.multiplyAdds : shareAt(at);
  const exclude = excludedKernels(network, options.exclude);
  // Said before anything is trained.
  if ('sparsity' in at && unit === 'weight' && !criterion.threshold) refuseUnreachable(network, exclude, sparsity);
  const prune = (via: number[], target: number): Step => {
    const step: PruneOptions = {
      criterion: criterion.id,
      criterionOptions: plainOptions.parse(options.criterion),
      sparsity: target,
      via,
      scope: options.scope,
      allocation: options.allocation,
      granularity: unit,
      allowLayerCollapse: options.allowLayerCollapse,
      shuffle: options.control === 'shuffle-masks',
      exclude,
      of: 'multiplyAdds' in at ? 'multiply-adds' : 'weights',
    };
    return { kind: 'prune', options: step };
  };
  const targets = sparsitySteps(options.schedule, sparsity);
  return trainsBetween ? targets.map((target) => prune([], target)) : [prune(targets.slice(0, -1), sparsity)];
}
