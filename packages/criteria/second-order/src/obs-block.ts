import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { quadraticModel, surgeryCompensation, surgeryScores } from './block-surgery.ts';
import { meanCurvature } from './mean-curvature.ts';
import { memoryLimit, requireMemory } from './memory.ts';
import { gradientBytes, type LayerGradients, rowsPerSample, sampleGradients } from './sample-gradients.ts';
import { citation1994, outputs, relativeDamping } from './surgeon-options.ts';
import { kernelBlocks, type WeightBlock } from './weight-block.ts';
import { weightLayers } from './weight-layers.ts';

// Optimal brain surgeon with a block-diagonal Hessian: H_B = αI + (1/P) Σ g_B g_Bᵀ for each block B, saliencies and
// compensation inside the block. One block is `obs` without cross-layer terms; blocks of one weight are the diagonal.

export const obsBlockOptions = z.strictObject({
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
export type ObsBlockOptions = z.output<typeof obsBlockOptions>;

export const obsBlock = defineCriterion<ObsBlockOptions>({
  id: 'obs-block',
  title: 'Optimal brain surgeon, block-diagonal',
  citation: citation1994,
  taxonomy: 'second-order',
  options: obsBlockOptions as z.ZodType<ObsBlockOptions>,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  score: obsBlockScores,
  compensate: obsBlockCompensation,
});

/** Greedy removal orders inside the blocks, merged by the loss at each removal. */
export async function obsBlockScores(subject: Subject, options: ObsBlockOptions): Promise<Scores> {
  const { layers, damping } = await blockCurvature(subject, options);
  return surgeryScores(subject, blocksOf(layers, options), (block) =>
    quadraticModel(block, subject.masks, damping, 'cholesky'),
  );
}

/** Every block at the minimum of its quadratic model under `masks`. */
export async function obsBlockCompensation(
  subject: Subject,
  masks: Masks,
  options: ObsBlockOptions,
): Promise<ParameterRecord> {
  const { layers, damping } = await blockCurvature(subject, options);
  return surgeryCompensation(subject, masks, blocksOf(layers, options), (block) =>
    quadraticModel(block, subject.masks, damping, 'cholesky'),
  );
}

async function blockCurvature(subject: Subject, options: ObsBlockOptions) {
  const { samples, outputs, partition, blockSize, relativeDamping, memoryLimit } = options;
  const rows = samples * rowsPerSample(outputs, subject);
  const layerSizes = weightLayers(subject.network).map(
    ({ fanIn, units }) => fanIn * (partition === 'unit' ? 1 : units),
  );
  const largest = Math.min(blockSize, Math.max(...layerSizes) + 1);
  const bytes = gradientBytes(subject, samples, outputs) + 8 * largest * (3 * largest + rows);
  requireMemory('obs-block', bytes, memoryLimit, 'Use fewer samples, outputs "sampled", or a smaller blockSize.');
  const layers = await sampleGradients(subject, samples, outputs);
  return { layers, damping: relativeDamping * meanCurvature(layers, subject.masks) };
}

function* blocksOf(
  layers: readonly LayerGradients[],
  { blockSize, partition }: ObsBlockOptions,
): Generator<WeightBlock> {
  for (const gradients of layers) yield* kernelBlocks(gradients, blockSize, partition === 'unit');
}
