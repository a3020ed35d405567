import type { StepKind } from '@prunebench/core';
import { estimateBatchNormStep } from './estimate-batch-norm.ts';
import { pretrainedStep } from './pretrained.ts';
import { pruneStep } from './prune.ts';
import { pruneWhileAccurateStep } from './prune-while-accurate.ts';
import { reinitializeStep } from './reinitialize.ts';
import { rewindStep } from './rewind.ts';
import { sparsifyStep, trainStep } from './train.ts';

/** The kinds of step that every method may use; methods with search loops bring their own. */
export const stepKinds: readonly StepKind[] = [
  trainStep,
  sparsifyStep,
  pretrainedStep,
  pruneStep,
  reinitializeStep,
  rewindStep,
  estimateBatchNormStep,
  pruneWhileAccurateStep,
];
