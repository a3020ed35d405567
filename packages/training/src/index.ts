export { estimateBatchNorm } from './estimate-batch-norm.ts';
export { Evaluator, evaluate } from './evaluate.ts';
export { learningRateAt } from './learning-rate.ts';
export { lossGradients } from './loss-gradients.ts';
export { pruneWhileAccurate } from './methods/prune-while-accurate.ts';
export { openSession, type SessionOptions } from './session.ts';
export { stepKinds } from './steps/index.ts';
export { type TrainContext, train } from './train.ts';
export { TrainingRun } from './training-run.ts';
