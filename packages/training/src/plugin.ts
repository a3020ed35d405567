import type { Plugin } from '@prunebench/core';
import { pruneWhileAccurate } from './methods/prune-while-accurate.ts';
import { stepKinds } from './steps/index.ts';

/** The kinds of step that every method may use, and the methods that are more than a criterion with a schedule. */
export default { steps: stepKinds, methods: [pruneWhileAccurate] } satisfies Plugin;
