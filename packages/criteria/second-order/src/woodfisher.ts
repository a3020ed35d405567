/**
 * WoodFisher: the empirical Fisher matrix F for the Hessian, in blocks of consecutive weights,
 *
 *     F = λI + (1/N) Σ g_i g_iᵀ,       ρ_q = w_q² / (2 [F⁻¹]_qq),       δw = −scaleUpdate Σ_{q removed} (w_q / [F⁻¹]_qq) F⁻¹ e_q
 *
 * with g_i the gradient of example i's loss for its own label. Singh & Alistarh, "WoodFisher: efficient second-order approximation for
 * neural network compression", NeurIPS 2020, equations 9 and 10. Biases stay.
 */
import {
  applyMasks,
  defineCriterion,
  type Masks,
  type ParameterRecord,
  type Scores,
  type Subject,
} from '@prunebench/core';
import {
  type DampedInverse,
  dampedInverse,
  dampedInverseBytes,
  dampedInverseKept,
  gradientBytes,
  sampleGradients,
  weightLayers,
} from '@prunebench/signals';
import { z } from 'zod';
import { quadraticModel } from './surgery/block-surgery.ts';
import { fromCurvature } from './surgery/from-curvature.ts';
import { groupUpdate } from './surgery/group-update.ts';
import { fitsBeside, memoryLimit, remembered, requireMemory, type Shapes } from './surgery/memory.ts';
import {
  blockGradients,
  blockRemoved,
  blockSize,
  blockWeights,
  copyParameters,
  emptyScores,
  kernelBlocks,
  scatter,
  valuesOf,
  type WeightBlock,
} from './surgery/weight-block.ts';

const options = z.strictObject({
  samples: z.int().positive().default(400).describe('calibration examples, N; one gradient each'),
  damping: z.number().positive().default(1e-5).describe('λ'),
  blockSize: z.int().positive().default(100).describe('c, consecutive weights of a kernel in the order (unit, input)'),
  form: z
    .enum(['auto', 'direct', 'dual', 'recursion'])
    .default('auto')
    .describe(
      "the same inverse by a Cholesky factor of F, of the N x N dual, or the paper's recursion; auto: the cheaper of the first two",
    ),
  update: z
    .enum(['independent', 'group', 'none'])
    .default('independent')
    .describe(
      "independent: the paper's sum of single updates; group: the joint minimum inside each block; none: masks alone",
    ),
  scaleUpdate: z.number().min(0).max(1).default(1).describe('factor on the independent update'),
  memoryLimit,
});
type Options = z.output<typeof options>;

const { score, compensate } = fromCurvature({ curvature: fisher, scores: saliencies, compensation });

export const woodFisher = defineCriterion({
  id: 'woodfisher',
  title: 'WoodFisher',
  citation: 'singh2020woodfisher',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['per-sample-gradients'],
  when: 'trained',
  deviations: [
    "Blocks of a convolution run over (row, column, channel) of a unit, the program's over (channel, row, column). At 95 % the two kept 88.7 to 99.6 % of the same weights; dense layers have the same blocks.",
  ],
  checkMemory: (network, chosen) => {
    requireFisherMemory({ network }, chosen);
  },
  score,
  compensate: (subject, masks, chosen) =>
    chosen.update === 'none' ? applyMasks(subject.parameters, masks) : compensate(subject, masks, chosen),
});

interface Fisher {
  readonly blocks: readonly WeightBlock[];
  readonly inverse: (block: WeightBlock) => BlockInverse;
}

interface BlockInverse extends Pick<DampedInverse, 'apply'> {
  readonly diagonal: Float64Array;
}

/**
 * What gradients and one block take, in bytes.
 *
 * @throws PrunebenchError where that exceeds `memoryLimit`
 */
function requireFisherMemory(subject: Shapes, chosen: Options): number {
  const { samples, blockSize: size, form, update, memoryLimit } = chosen;
  const largest = Math.min(size, Math.max(...weightLayers(subject.network).map(({ fanIn, units }) => fanIn * units)));
  const inverseBytes = dampedInverseBytes(samples, largest, update === 'group' ? 'direct' : form);
  const bytes = gradientBytes(subject, samples, 'labels') + inverseBytes;
  requireMemory('woodfisher', bytes, memoryLimit, 'Use fewer samples, a smaller blockSize, or form "dual".');
  return bytes;
}

async function fisher(subject: Subject, chosen: Options): Promise<Fisher> {
  const { samples, blockSize: size, form, update, damping, memoryLimit } = chosen;
  const bytes = requireFisherMemory(subject, chosen);
  const layers = await sampleGradients(subject, samples, 'labels');
  const blocks = layers.flatMap((gradients) => kernelBlocks(gradients, size, false));
  const kept = blocks.reduce((sum, block) => sum + dampedInverseKept(samples, blockSize(block), form), 0);
  const inverse = (block: WeightBlock) => blockInverse(block, subject.masks, damping, form);
  return { blocks, inverse: remembered(inverse, update === 'independent' && fitsBeside(kept, bytes, memoryLimit)) };
}

function blockInverse(block: WeightBlock, masks: Masks, damping: number, form: Options['form']): BlockInverse {
  const { rows, samples } = block[0].gradients;
  const gradients = blockGradients(block, masks);
  const inverse = dampedInverse({ gradients, rows, columns: blockSize(block), samples, damping }, form);
  return { diagonal: inverse.diagonal(), apply: inverse.apply };
}

/** ρ_q for every kernel weight. */
function saliencies({ blocks, inverse }: Fisher, subject: Subject): Scores {
  const scores = emptyScores(weightLayers(subject.network));
  for (const block of blocks) {
    const { diagonal } = inverse(block);
    const saliency = blockWeights(block, subject).map((w, q) => w ** 2 / (2 * diagonal[q]));
    scatter(block, saliency, scores);
  }
  return scores;
}

/** The kernels after `masks`, moved by the update that the options name; biases stay. */
function compensation({ blocks, inverse }: Fisher, subject: Subject, masks: Masks, chosen: Options): ParameterRecord {
  const { update, scaleUpdate, damping } = chosen;
  if (update === 'none') return applyMasks(subject.parameters, masks);
  const parameters = copyParameters(subject.parameters);
  for (const block of blocks) {
    const removed = blockRemoved(block, masks);
    if (!removed.includes(1)) continue;
    const weights = blockWeights(block, subject);
    const updated =
      update === 'group'
        ? groupUpdate(quadraticModel(block, subject.masks, damping, 'cholesky'), weights, removed)
        : independentUpdate(inverse(block), weights, removed, scaleUpdate);
    scatter(block, updated, valuesOf(parameters));
  }
  return applyMasks(parameters, masks);
}

/** Every removal's own optimal update, added up as if the others did not happen. */
function independentUpdate(
  { diagonal, apply }: BlockInverse,
  weights: Float64Array,
  removed: Uint8Array,
  scale: number,
): Float64Array {
  const change = apply(weights.map((w, q) => (removed[q] === 1 ? w / diagonal[q] : 0)));
  return weights.map((w, q) => (removed[q] === 1 ? 0 : w - scale * change[q]));
}
