export { type Axis, axes } from './contracts/axes.ts';
export {
  type AxisPoint,
  axisOf,
  axisPoint,
  describePoint,
  pointOf,
  positionOf,
  shareAt,
  specPoint,
  strengthAt,
} from './contracts/axis.ts';
export {
  type Benchmark,
  defineBenchmark,
  denseWithSameBudget,
  type PublishedReference,
  type TrialDeclaration,
} from './contracts/benchmark.ts';
export { bibliography, citationOf, type PaperKey, paperOf, shortCitation } from './contracts/bibliography.ts';
export type { Citation } from './contracts/citation.ts';
export {
  type Criterion,
  type CriterionDefinition,
  defineCriterion,
  type Family,
  type Need,
  needs,
  parsedOptions,
  type Scored,
  type Subject,
  scored,
} from './contracts/criterion.ts';
export type { Batch, ByteRows, Dataset, GatherBytes, Split, SplitName } from './contracts/dataset.ts';
export type { ExtensionEntry } from './contracts/extension.ts';
export {
  defineMethod,
  defineStepKind,
  type EpochLog,
  type Evaluation,
  type HashedStep,
  type Method,
  type NamedEntries,
  type Normalised,
  type Plan,
  type Progress,
  type Step,
  type StepKind,
  type StepMetrics,
  type StepOutcome,
  type TrialSession,
} from './contracts/method.ts';
export { limitedTo } from './contracts/needs.ts';
export {
  type DataShape,
  type DatasetEntry,
  type KernelInitializer,
  kernelInitializers,
  type NetworkEntry,
  type Plugin,
  type PretrainedParameters,
} from './contracts/plugin.ts';
export { type ScaleName, scales } from './contracts/scales.ts';
export {
  type ExtensionChoice,
  type TrainOptions,
  type TrainOptionsInput,
  trainOptions,
} from './contracts/train-options.ts';
export { type Cost, costOf, type EffectiveWeights, effectiveSparsity, type LayerCost } from './cost/cost.ts';
export { recordedCosts } from './cost/recorded-costs.ts';
export { type LayerUnits, unitsLeft } from './cost/units-left.ts';
export { codeOf, DivergenceError, LayerCollapseError, messageOf, PrunebenchError } from './errors.ts';
export { firstNotFinite, refuseDiverged, refuseNotFinite } from './finite.ts';
export { type ChannelTies, channelsBefore, channelTies, sourceChannel } from './graph/channel-ties.ts';
export {
  type GroupKind,
  type Groups,
  groupMasks,
  groupsOf,
  neighbourGroups,
  sumByGroup,
} from './graph/groups.ts';
export * from './graph/layer.ts';
export { eachRun } from './graph/live-channels.ts';
export { liveWeights } from './graph/live-weights.ts';
export { consumers, defineNetwork, outputLayer } from './graph/network.ts';
export {
  type ParameterRole,
  type ParameterSpec,
  parameterSpecs,
  prunableSpecs,
  sizeOf,
} from './graph/parameter-specs.ts';
export { activate, readsPadding } from './graph/removed-units.ts';
export { type Branch, branches, withoutBranch } from './graph/residual-blocks.ts';
export { inferShapes, paddingBefore, windowOutput } from './graph/shape.ts';
export { followers, mixesChannels, prunableUnits, standsAlone, unitMasks } from './graph/units.ts';
export { MOST_THREADS } from './limits.ts';
export { nearestName } from './names/nearest-name.ts';
export { DERIVED, isPlainChange, plainId, refuseOddId, refuseOddTable } from './names/plain-id.ts';
export { printable, printableLines, spreadsheetText } from './names/printable.ts';
export {
  type Masks,
  networkOf,
  type ParameterArray,
  type ParameterRecord,
  type Scores,
  type State,
  type TrainingCut,
} from './parameters.ts';
export { allocate } from './pruning/allocation.ts';
export { cellName, refuseCollisions } from './pruning/cells.ts';
export { checkMasks, checkMasksOf, checkNextMasks } from './pruning/check-masks.ts';
export { checkScores } from './pruning/check-scores.ts';
export { type CriterionMethodOptions, criterionMethodOptions, fromCriterion } from './pruning/from-criterion.ts';
export { maskDigest } from './pruning/mask-digest.ts';
export { applyMasks, collapsedLayers, countKept, maskedSparsity, shuffleMasks, shuffleUnits } from './pruning/masks.ts';
export {
  type Allocation,
  type Granularity,
  granularity,
  type PruneOptions,
  type PruneOptionsInput,
  pruneOptions,
  SCOPES,
  type Schedule,
  type Scope,
  scope,
} from './pruning/prune-options.ts';
export { sparsitySteps } from './pruning/schedule.ts';
export { type SelectOptions, select } from './pruning/select.ts';
export { selectByMultiplyAdds } from './pruning/select-multiply-adds.ts';
export { type RandomStream, randomStream } from './random.ts';
export { canonicalJson, contentHash, contentKey } from './records/content-hash.ts';
export { type NamedMetrics, namedMetrics } from './records/named-metrics.ts';
export {
  type Measured,
  type RunProvenance,
  type SpeedRecord,
  STEADY_SPREAD,
  type TrialCode,
  type TrialRecord,
  type TrialSpec,
  trialRecord,
  trialSpec,
} from './records/record.ts';
export { SCHEMA_VERSION } from './records/schema-version.ts';
export { brokenSeal, sealed } from './records/seal.ts';
export { isObject, withoutDefaults } from './records/without-defaults.ts';
