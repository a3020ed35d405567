export { estimateBatchNorm } from './estimate-batch-norm.ts';
export { Evaluator, evaluate } from './evaluate.ts';
export { learningRateAt } from './learning-rate.ts';

export { default } from './plugin.ts';
export { ScoreMemory } from './score-memory.ts';
export { openSession, type SessionOptions } from './session.ts';
export { stepKinds } from './steps/index.ts';
export { type TrainContext, train } from './train.ts';
export { TrainingRun } from './training-run.ts';
