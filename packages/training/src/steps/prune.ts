import {
  applyMasks,
  type Criterion,
  checkNextMasks,
  checkScores,
  collapsedLayers,
  defineStepKind,
  LayerCollapseError,
  type Masks,
  maskedSparsity,
  type Network,
  PrunebenchError,
  type PruneOptions,
  parsedOptions,
  prunableSpecs,
  pruneOptions,
  type Scored,
  type Scores,
  type State,
  type StepMetrics,
  type Subject,
  select,
  selectByMultiplyAdds,
  shuffleMasks,
  shuffleUnits,
  sizeOf,
  type TrialSession,
} from '@prunebench/core';
import { checkCompensation } from '../scoring/check-compensation.ts';
import { subjectOf } from '../scoring/subject.ts';
import { compensationOf, scoreOf, thresholdOf } from '../scoring/unchanged-subject.ts';
import { normaliseCriterion } from './normalise-criterion.ts';

/**
 * Scores, selects, removes: one pruning event, without training.
 *
 * With `via` the network is scored anew at each sparsity on the way. A threshold rule decides the masks itself, whatever the
 * sparsity asked for. With `shuffle` the layers lose as many weights (or units) as the criterion would have taken, drawn at random; a
 * criterion that compensates then compensates for these, so that only the choice of weights differs from the method itself.
 */
export const pruneStep = defineStepKind({
  kind: 'prune',
  options: pruneOptions,
  prunes: true,
  trains: false,
  normalise: normaliseCriterion,
  async run(session, state, options) {
    const criterion = session.criterion(options.criterion);
    if (!criterion.granularity.includes(options.granularity))
      throw new PrunebenchError(`Criterion ${criterion.id} does not score ${options.granularity}s.`, {
        remedy: `Use granularity ${criterion.granularity.join(' or ')}.`,
      });
    const started = performance.now();
    const event: PruningEvent = {
      session,
      criterion,
      options,
      criterionOptions: parsedOptions(criterion, options.criterionOptions),
    };
    const targets = criterion.threshold ? [options.sparsity] : [...options.via, options.sparsity];
    let pruned = state;
    let savedSeconds = 0;
    for (const [round, target] of targets.entries()) {
      // What a criterion that regrows has removed in this step, it may bring back: it goes on from the state before the step.
      const origin = criterion.regrows ? state : pruned;
      const outcome = await removeUpTo(event, { origin, masks: pruned.masks }, target, round);
      pruned = outcome.state;
      savedSeconds += outcome.savedSeconds;
    }
    if (options.shuffle) pruned = await shuffled(event, state, pruned.masks, targets.length - 1);
    // A method pays for its scores, also where another trial has computed them.
    const seconds = (performance.now() - started) / 1000 + savedSeconds;
    return { state: pruned, metrics: metricsOf(session.network, pruned.masks, options, seconds) };
  },
});

interface PruningEvent {
  readonly session: TrialSession;
  readonly criterion: Criterion;
  readonly options: PruneOptions;
  readonly criterionOptions: unknown;
}

/**
 * One round: scores `origin` under `masks`, and removes from `origin`. The first one's scores may be shared.
 */
async function removeUpTo(
  event: PruningEvent,
  { origin, masks: current }: { origin: State; masks: Masks },
  sparsity: number,
  round: number,
): Promise<{ readonly state: State; readonly savedSeconds: number }> {
  const { session, criterion, criterionOptions } = event;
  session.signal.throwIfAborted();
  const subject = subjectOf(session, { ...origin, masks: current }, criterion.id, round);
  const { scores, savedSeconds, compensate } =
    round === 0
      ? await session.scoreStart(criterion, criterionOptions, subject)
      : { ...(await scoreOf(criterion, subject, criterionOptions)), savedSeconds: 0 };
  const masks = await nextMasks(event, scores, subject, origin, sparsity);
  // What a criterion that regrows has scored is not what it compensates: that has the masks from before the step.
  return { state: await remove(event, origin, masks, round, criterion.regrows ? undefined : compensate), savedSeconds };
}

/** The masks that the scores lead to: by `select`, or by the criterion's own rule. */
async function nextMasks(
  { session: { network }, criterion, options, criterionOptions }: PruningEvent,
  scores: Scores,
  subject: Subject,
  { masks: before }: State,
  sparsity: number,
): Promise<Masks> {
  const by = `Criterion ${criterion.id}`;
  const { scope, allocation, granularity, allowLayerCollapse, exclude } = options;
  if (!isThresholdRule(criterion)) {
    const choose = options.of === 'multiply-adds' ? selectByMultiplyAdds : select;
    const how = { masks: before, sparsity, scope, allocation, granularity, allowLayerCollapse, exclude, by };
    return choose(network, scores, how);
  }
  checkScores(network, scores, granularity, { by, more: true });
  const cleared = await thresholdOf(criterion, scores, subject, criterionOptions);
  const masks = keeping(network, before, cleared, exclude);
  checkNextMasks(network, before, masks, by);
  const collapsed = collapsedLayers(network, masks);
  if (collapsed.length > 0 && !allowLayerCollapse)
    throw new LayerCollapseError(collapsed, maskedSparsity(network, masks));
  return masks;
}

/** The masks of a rule that knows nothing of excluded kernels, with these as they were. */
function keeping(network: Network, before: Masks, after: Masks, exclude: readonly string[]): Masks {
  const kept = prunableSpecs(network).filter(({ name }) => exclude.includes(name));
  return {
    ...after,
    ...Object.fromEntries(kept.map(({ name, shape }) => [name, before[name] ?? new Uint8Array(sizeOf(shape)).fill(1)])),
  };
}

function isThresholdRule(criterion: Criterion): criterion is Criterion & Required<Pick<Criterion, 'threshold'>> {
  return criterion.threshold !== undefined;
}

function isCompensating(criterion: Criterion): criterion is Criterion & Required<Pick<Criterion, 'compensate'>> {
  return criterion.compensate !== undefined;
}

async function shuffled(event: PruningEvent, before: State, after: Masks, round: number): Promise<State> {
  const { network, random } = event.session;
  const stream = random.fork('shuffle');
  const masks =
    event.options.granularity === 'unit'
      ? shuffleUnits(network, before.masks, after, stream)
      : shuffleMasks(before.masks, after, stream);
  return remove(event, before, masks, round);
}

/**
 * The state without the weights that `masks` clears, the others compensated where the criterion does that.
 *
 * @param compensate the criterion's compensation for this very state, where scoring has left it
 */
async function remove(
  { session, criterion, criterionOptions }: PruningEvent,
  state: State,
  masks: Masks,
  round: number,
  compensate?: Scored['compensate'],
): Promise<State> {
  const compensated = async () => {
    if (compensate) return compensate(masks);
    if (!isCompensating(criterion)) return undefined;
    return compensationOf(criterion, subjectOf(session, state, criterion.id, round), masks, criterionOptions);
  };
  const parameters = await compensated();
  if (!parameters) return { ...state, parameters: applyMasks(state.parameters, masks), masks };
  checkCompensation(criterion, state.parameters, parameters);
  return { ...state, parameters: applyMasks(parameters, masks), masks };
}

function metricsOf(network: Network, masks: Masks, { sparsity, of }: PruneOptions, scoreSeconds: number): StepMetrics {
  return {
    sparsity: { ...(of === 'weights' && { requested: sparsity }), achieved: maskedSparsity(network, masks) },
    layers: prunableSpecs(network).map(({ name, shape }) => ({
      name,
      weights: sizeOf(shape),
      remaining: masks[name]?.reduce((sum, bit) => sum + bit, 0) ?? sizeOf(shape),
    })),
    collapsedLayers: collapsedLayers(network, masks),
    scoreSeconds,
  };
}
