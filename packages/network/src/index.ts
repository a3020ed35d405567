export {
  defineExtension,
  type Events,
  type Extension,
  type ExtensionDefinition,
  type ExtensionKind,
  type ExtensionVariable,
  type HookContext,
  isExtensionKind,
  type Seen,
  type TrainingAccess,
  type TrainingStart,
  type Update,
  type VariableGroup,
} from './extension.ts';
export { computeLayer, type ForwardOptions, forward } from './forward.ts';
export type { ForwardHooks, ParameterTensors } from './forward-hooks.ts';
export { type FusedLayer, fuse } from './fuse.ts';
export { initializeParameters } from './initialize.ts';
export type { Loss } from './losses/loss.ts';
export { lossOf } from './losses/loss-of.ts';
export { type Noise, type NoiseSource, noiseSource } from './noise.ts';
export { adamUpdate } from './ops/adam-update.ts';
export { type BatchNormTrainingOptions, type BatchNormTrainingResult, batchNormTraining } from './ops/batch-norm.ts';
export { byteGatherer, registerByteGatherer } from './ops/byte-gatherer.ts';
export { gradientArguments } from './ops/gradient-arguments.ts';
export { hasKernel } from './ops/has-kernel.ts';
export { momentumUpdate } from './ops/momentum-update.ts';
export { bernoulliNoise, normalNoise, uniformNoise } from './ops/noise.ts';
export { ofRank } from './ops/of-rank.ts';
export { type NoiseKey, philox4x32 } from './ops/philox.ts';
export { softmaxCrossEntropy } from './ops/softmax-cross-entropy.ts';
export {
  type CompiledStep,
  registerStepCompiler,
  type StepCompiler,
  type StepValues,
  stepCompiler,
} from './ops/step-compiler.ts';
export { topKMask } from './ops/top-k-mask.ts';
export { refuseUntrainable, registerUntrainable } from './ops/untrainable-layers.ts';
export { withoutGradient } from './ops/without-gradient.ts';
export { parameterTensors, TensorScope, takeValues, tidy } from './tensor-scope.ts';
