import './backend.ts';

export { contractViolations } from './contract.ts';
export { tensorLeaks } from './leaks.ts';
export { convNet, mlp, residualNet } from './networks.ts';
export { outputs, relativeError } from './outputs.ts';
export { kernels, randomParameters, withValues } from './parameters.ts';
export { randomBatch, type SubjectOptions, subjectOf } from './subject.ts';
