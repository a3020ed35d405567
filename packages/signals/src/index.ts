export { type Statistics, statisticsOption } from './batch-statistics.ts';
export { balancedBatches, exampleOrders } from './calibration/balanced-batches.ts';
export { drawnBatches } from './calibration/drawn-batches.ts';
export { firstExamples } from './calibration/first-examples.ts';
export { addRecursionCurvature } from './curvature/curvature-recursion.ts';
export { type InputGram, inputGrams, patchLimit } from './curvature/input-grams.ts';
export { meanCurvature } from './curvature/mean-curvature.ts';
export { outputGrams } from './curvature/output-grams.ts';
export { addSquaredGradients } from './curvature/squared-gradients.ts';
export { type KernelGradients, type LossOptions, lossGradients, meanGradients } from './gradients.ts';
export { hessianVectorProduct } from './hessian-vector.ts';
export { backwardSignals, forwardSignals } from './layer-signals.ts';
export {
  choleskyFactor,
  choleskySolve,
  invertSymmetric,
} from './linear-algebra/cholesky.ts';
export {
  type DampedInverse,
  dampedGram,
  dampedInverse,
  dampedInverseBytes,
  dampedInverseKept,
  type InverseForm,
} from './linear-algebra/damped-inverse.ts';
export { addCrossGram, addGram } from './linear-algebra/gram.ts';
export { woodburyInverse } from './linear-algebra/woodbury.ts';
export { meanLoss } from './mean-loss.ts';
export { type GradientKind, outputLoss } from './output-loss.ts';
export { gradientBytes, type LayerGradients, rowsPerSample, sampleGradients } from './sample-gradients.ts';
export { synapticFlow } from './synaptic-flow.ts';
export { aliveTensors } from './tensors.ts';
export { calibrationOptions, contributions, sumConsumption } from './units/consumption.ts';
export { sumIncoming } from './units/incoming.ts';
export { scoreUnits, type UnitKernel, unitKernels } from './units/kernels.ts';
export { type Link, outgoingLinks } from './units/links.ts';
export { removalLosses } from './units/removal-losses.ts';
export { readsRemovedUnit } from './units/removed.ts';
export {
  gateGradients,
  type SummedLoss,
  scoresOf,
  sumOfMeans,
  sumUnitActivations,
  sumUnitSignals,
  type UnitSignals,
  type UnitSums,
} from './units/unit-signals.ts';
export { type WeightLayer, weightLayers } from './weight-layers.ts';
export { keepAtLeast } from './weights/keep-at-least.ts';
export { momentsOf } from './weights/moments.ts';
