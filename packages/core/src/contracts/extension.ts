import type { z } from 'zod';
import type { PaperKey } from './bibliography.ts';
import type { Citation } from './citation.ts';

/**
 * A way to change training, by name: a train step lists it as data, `{ id, options }`. What it does to a training is made by
 * its `create`, whose type belongs to `@prunebench/network` (`defineExtension`), because it computes with tensors.
 */
export interface ExtensionEntry {
  /** What users type. */
  readonly id: string;
  readonly title: string;
  /** The bibliography's key of the paper, or its whole text. */
  readonly citation: Citation | PaperKey;
  readonly options: z.ZodType;
  /**
   * Rises when the same options come to mean something else, so that nothing computed before passes for what is computed now;
   * part of the keys of the stages and trials whose training it extends. Absent: 1.
   */
  readonly revision?: number;
}
