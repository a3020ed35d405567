import './backend.ts';

export { closeTo } from './close-to.ts';
export { contractViolations } from './contract.ts';
export { extended } from './extended.ts';
export { tensorLeaks } from './leaks.ts';
export { convNet, mlp, residualNet } from './networks.ts';
export { outputs, relativeError } from './outputs.ts';
export { kernels, randomParameters, withValues } from './parameters.ts';
export { score, thresholdMasks } from './score.ts';
export { randomBatch, type SubjectOptions, subjectOf } from './subject.ts';
