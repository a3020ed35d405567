export { allocate } from './allocation.ts';
export {
  type Axis,
  type AxisPoint,
  axes,
  axisOf,
  axisPoint,
  describePoint,
  pointOf,
  positionOf,
  shareAt,
  specPoint,
} from './axis.ts';
export {
  type Benchmark,
  defineBenchmark,
  denseWithSameBudget,
  type PublishedReference,
  type ScaleName,
  scales,
  type TrialDeclaration,
} from './benchmark.ts';
export { bibliography, citationOf, type PaperKey, paperOf, shortCitation } from './bibliography.ts';
export { cellName, refuseCollisions } from './cells.ts';
export { checkMasks, checkMasksOf, checkNextMasks } from './check-masks.ts';
export { checkScores } from './check-scores.ts';
export type { Citation } from './citation.ts';
export { canonicalJson, contentHash } from './content-hash.ts';
export { type Cost, costOf, type EffectiveWeights, effectiveSparsity, type LayerCost } from './cost.ts';
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
} from './criterion.ts';
export type { Batch, Dataset, Split, SplitName } from './dataset.ts';
export { DivergenceError, LayerCollapseError, PrunebenchError } from './errors.ts';
export { firstNotFinite, refuseDiverged, refuseNotFinite } from './finite.ts';
export { type CriterionMethodOptions, fromCriterion } from './from-criterion.ts';
export * from './graph/layer.ts';
export { consumers, defineNetwork, outputLayer } from './graph/network.ts';
export {
  type ParameterRole,
  type ParameterSpec,
  parameterSpecs,
  prunableSpecs,
  sizeOf,
} from './graph/parameter-specs.ts';
export { inferShapes, paddingBefore, windowOutput } from './graph/shape.ts';
export { type NetworkWithState, withoutRemovedUnits } from './graph/shrink.ts';
export { prunableUnits, unitMasks } from './graph/units.ts';
export { maskDigest } from './mask-digest.ts';
export { applyMasks, collapsedLayers, maskedSparsity, shuffleMasks, shuffleUnits } from './masks.ts';
export {
  defineMethod,
  defineStepKind,
  type EpochLog,
  type Evaluation,
  type HashedStep,
  type Method,
  type Normalised,
  type Plan,
  type Progress,
  type Step,
  type StepKind,
  type StepMetrics,
  type StepOutcome,
  type TrialSession,
} from './method.ts';
export { nearestName } from './nearest-name.ts';
export { limitedTo } from './needs.ts';
export type { Masks, ParameterArray, ParameterRecord, Scores, State } from './parameters.ts';
export { plainId, refuseOddId } from './plain-id.ts';
export {
  type DataShape,
  type DatasetEntry,
  type KernelInitializer,
  kernelInitializers,
  type NetworkEntry,
  type Plugin,
} from './plugin.ts';
export { printable, printableLines } from './printable.ts';
export {
  type Allocation,
  type Granularity,
  granularity,
  type PruneOptions,
  type PruneOptionsInput,
  pruneOptions,
  type Schedule,
  type Scope,
  scope,
} from './prune-options.ts';
export { type RandomStream, randomStream } from './random.ts';
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
} from './record.ts';
export { recordedCosts } from './recorded-costs.ts';
export { sparsitySteps } from './schedule.ts';
export { SCHEMA_VERSION } from './schema-version.ts';
export { brokenSeal, sealed } from './seal.ts';
export { type SelectOptions, select } from './select.ts';
export { type TrainOptions, type TrainOptionsInput, trainOptions } from './train-options.ts';
export { withoutDefaults } from './without-defaults.ts';
