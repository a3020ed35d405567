/**
 * Optimal brain surgeon with a block-diagonal Hessian: saliencies and compensation of `obs` inside each block B of weights,
 *
 *     H_B = αI + (1/P) Σ g_B g_Bᵀ
 *
 * One block is `obs` without cross-layer terms; blocks of one weight are the diagonal. Hassibi, Stork & Wolff, "Optimal brain surgeon:
 * extensions and performance comparisons", NIPS 6, 1994; the blocks are ours. Orders of removal inside the blocks are merged by
 * the loss at each removal.
 */
import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { gradientBytes, meanCurvature, rowsPerSample, sampleGradients, weightLayers } from '@prunebench/signals';
import { z } from 'zod';
import { quadraticModel, surgeryCompensation, surgeryScores } from './surgery/block-surgery.ts';
import { fromCurvature } from './surgery/from-curvature.ts';
import type { QuadraticModel } from './surgery/group-update.ts';
import { fitsBeside, memoryLimit, remembered, requireMemory, type Shapes } from './surgery/memory.ts';
import { outputs, relativeDamping } from './surgery/options.ts';
import { kernelBlocks, blockSize as sizeOfBlock, type WeightBlock } from './surgery/weight-block.ts';

const options = z.strictObject({
  samples: z.int().positive().default(400).describe('calibration examples, P'),
  outputs: outputs.default('sampled'),
  partition: z
    .enum(['unit', 'layer'])
    .default('unit')
    .describe('unit: blocks never join two output units; layer: they run on over a kernel in the order (unit, input)'),
  blockSize: z.int().positive().default(100).describe('most weights of a block'),
  relativeDamping,
  memoryLimit,
});
type Options = z.output<typeof options>;

export const obsBlock = defineCriterion({
  id: 'obs-block',
  title: 'Optimal brain surgeon, block-diagonal',
  citation: 'hassibi1994extensions',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  checkMemory: (network, chosen) => {
    requireBlockMemory({ network }, chosen);
  },
  ...fromCurvature({ curvature: blockCurvature, scores: orderedScores, compensation }),
});

interface BlockCurvature {
  readonly blocks: readonly WeightBlock[];
  readonly model: (block: WeightBlock) => QuadraticModel;
}

/** Greedy removal orders inside the blocks, merged by the loss at each removal. */
function orderedScores({ blocks, model }: BlockCurvature, subject: Subject): Scores {
  return surgeryScores(subject, blocks, model);
}

/** Every block at the minimum of its quadratic model under `masks`. */
function compensation({ blocks, model }: BlockCurvature, subject: Subject, masks: Masks): ParameterRecord {
  return surgeryCompensation(subject, masks, blocks, model);
}

/**
 * What gradients and one block take, in bytes.
 *
 * @throws PrunebenchError where that exceeds `memoryLimit`
 */
function requireBlockMemory(subject: Shapes, { samples, outputs, partition, blockSize, memoryLimit }: Options): number {
  const rows = samples * rowsPerSample(outputs, subject);
  const layerSizes = weightLayers(subject.network).map(
    ({ fanIn, units }) => fanIn * (partition === 'unit' ? 1 : units),
  );
  const largest = Math.min(blockSize, Math.max(...layerSizes) + 1);
  const bytes = gradientBytes(subject, samples, outputs) + 8 * largest * (3 * largest + rows);
  requireMemory('obs-block', bytes, memoryLimit, 'Use fewer samples, outputs "sampled", or a smaller blockSize.');
  return bytes;
}

async function blockCurvature(subject: Subject, options: Options): Promise<BlockCurvature> {
  const { samples, outputs, partition, blockSize, relativeDamping, memoryLimit } = options;
  const bytes = requireBlockMemory(subject, options);
  const layers = await sampleGradients(subject, samples, outputs);
  const damping = relativeDamping * meanCurvature(layers, subject.masks);
  const blocks = layers.flatMap((gradients) => kernelBlocks(gradients, blockSize, partition === 'unit'));
  // A block's H and H⁻¹.
  const kept = blocks.reduce((sum, block) => sum + 16 * sizeOfBlock(block) ** 2, 0);
  const model = (block: WeightBlock) => quadraticModel(block, subject.masks, damping, 'cholesky');
  return { blocks, model: remembered(model, fitsBeside(kept, bytes, memoryLimit)) };
}
