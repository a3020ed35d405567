export { estimateBatchNorm } from './estimate-batch-norm.ts';
export { Evaluator, evaluate } from './evaluate.ts';
export { learningRateAt } from './iteration/learning-rate.ts';
export { type TrainContext, train } from './iteration/train.ts';
export { TrainingRun } from './iteration/training-run.ts';
export { default } from './plugin.ts';
export { ScoreMemory } from './scoring/score-memory.ts';
export { openSession, type SessionOptions } from './session.ts';
export { stepKinds } from './steps/index.ts';
