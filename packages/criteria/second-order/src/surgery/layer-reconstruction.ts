import { applyMasks, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { type InputGram, inputGrams, invertSymmetric, type WeightLayer, weightLayers } from '@prunebench/signals';
import { greedyElimination } from './greedy-elimination.ts';
import { groupUpdate, type QuadraticModel, quadraticModelOf } from './group-update.ts';
import { fitsBeside, remembered, requireMemory, type Shapes } from './memory.ts';
import { removalOrderScores } from './removal-order.ts';
import { copyParameters, emptyScores } from './weight-block.ts';

// Layer-wise pruning asks each layer to keep its own output z = y θ on the calibration inputs y. The error is quadratic in
// the weights, and its Hessian, the inputs' correlation matrix, is the same for every output unit. The bias is one more
// weight with input 1; it is never removed, but compensates.

export interface ReconstructionOptions {
  readonly samples: number;
  readonly maximumPatches: number;
  readonly relativeDamping: number;
  readonly memoryLimit: number;
}

/** The reconstruction problem of all units of one input group of a layer. */
export interface LayerProblem {
  readonly layer: WeightLayer;
  /** Inputs that are not 0 on all calibration examples, rows of the kernel; the others have no say and go first. */
  readonly live: Int32Array;
  /** The output units that read them. */
  readonly units: readonly number[];
  /** `scale` (1/N) YᵀY + λI over the live inputs and, last, the bias's 1. */
  readonly model: QuadraticModel;
}

/**
 * One problem per layer and input group, in the network's order; layers that see no input have none.
 *
 * @param scale 2 for H = (2/N) XXᵀ (optimal brain compression), 1 for Ψ = (1/N) YᵀY (L-OBS)
 * @returns the problems, for as often as they are asked for: the inputs' correlations are there once and for all, and what is made of them
 *   (H and H⁻¹) as long as `memoryLimit` has room for it
 */
export async function layerProblems(
  subject: Subject,
  options: ReconstructionOptions,
  scale: 1 | 2,
): Promise<() => Iterable<LayerProblem>> {
  const grams = await inputGrams(subject, options.samples, options.maximumPatches);
  const kept = grams.reduce((sum, { size }) => sum + 16 * size ** 2, 0);
  const problem = remembered(
    (gram: InputGram) => problemOf(gram, options.relativeDamping, scale),
    fitsBeside(kept, reconstructionBytes(subject), options.memoryLimit),
  );
  return function* () {
    for (const gram of grams) {
      const next = problem(gram);
      if (next.live.length > 0) yield next;
    }
  };
}

function problemOf(gram: InputGram, relativeDamping: number, scale: 1 | 2): LayerProblem {
  const { layer, group } = gram;
  const share = layer.units / layer.groups;
  const live = liveInputs(gram);
  const units = Array.from({ length: share }, (_, u) => group * share + u);
  return { layer, live, units, model: reconstructionModel(gram, live, relativeDamping, scale) };
}

/** The unit's incoming weights from live inputs, then its bias if it has one; pruned weights are 0. */
export function unitWeights(
  { layer, live, model }: LayerProblem,
  unit: number,
  { parameters, masks }: Subject,
): Float64Array {
  const weights = new Float64Array(model.size);
  const mask = masks[layer.kernel];
  for (const [i, input] of live.entries()) {
    const index = input * layer.units + unit;
    weights[i] = mask?.[index] === 0 ? 0 : parameters[layer.kernel].values[index];
  }
  if (layer.bias !== undefined) weights[live.length] = parameters[layer.bias].values[unit];
  return weights;
}

/** 1 for the unit's weights that `masks` removes; the bias is never removed. */
export function unitRemoved({ layer, live, model }: LayerProblem, unit: number, masks: Masks): Uint8Array {
  const removed = new Uint8Array(model.size);
  const mask = masks[layer.kernel];
  if (mask) for (const [i, input] of live.entries()) removed[i] = mask[input * layer.units + unit] === 0 ? 1 : 0;
  return removed;
}

/** Exact greedy removal for every unit, as scores that `merge` makes of its losses; weights from dead inputs score 0. */
export function reconstructionScores(
  subject: Subject,
  problems: Iterable<LayerProblem>,
  merge: (losses: Float64Array) => Float64Array = removalOrderScores,
): Scores {
  const scores = emptyScores(weightLayers(subject.network));
  for (const problem of problems) {
    const { layer, live, units, model } = problem;
    for (const unit of units) {
      const before = unitRemoved(problem, unit, subject.masks);
      const { order, losses } = greedyElimination({
        inverse: model.inverse(),
        stride: model.size,
        weights: unitWeights(problem, unit, subject),
        removable: Uint8Array.from(before, (gone, i) => (gone === 0 && i < live.length ? 1 : 0)),
        removedBefore: [...before.keys()].filter((i) => before[i] === 1),
      });
      for (const [t, score] of merge(losses).entries())
        scores[layer.kernel][live[order[t]] * layer.units + unit] = score;
    }
  }
  return scores;
}

/** Every unit at the minimum of its reconstruction error under `masks`; `update` gives one unit's new weights. */
export function reconstructionCompensation(
  subject: Subject,
  masks: Masks,
  problems: Iterable<LayerProblem>,
  update: (model: QuadraticModel, weights: Float64Array, removed: Uint8Array) => Float64Array = groupUpdate,
): ParameterRecord {
  const parameters = copyParameters(subject.parameters);
  for (const problem of problems) {
    const { layer, live, units, model } = problem;
    for (const unit of units) {
      const removed = unitRemoved(problem, unit, masks);
      if (!removed.includes(1)) continue;
      const updated = update(model, unitWeights(problem, unit, subject), removed);
      for (const [i, input] of live.entries()) parameters[layer.kernel].values[input * layer.units + unit] = updated[i];
      if (layer.bias !== undefined) parameters[layer.bias].values[unit] = updated[live.length];
    }
  }
  return applyMasks(parameters, masks);
}

/** @throws PrunebenchError where the criterion's matrices do not fit into `memoryLimit` */
export function requireReconstructionMemory(criterion: string, subject: Shapes, limit: number): void {
  requireMemory(
    criterion,
    reconstructionBytes(subject),
    limit,
    "Use obs-block or woodfisher, whose blocks do not grow with a layer's inputs, or raise memoryLimit.",
  );
}

/** Grams of all layers, and for one layer at a time its Hessian, inverse, workspace and elimination columns. */
export function reconstructionBytes(subject: Shapes): number {
  const layers = weightLayers(subject.network);
  const sizes = layers.map(({ fanIn, bias }) => (fanIn + (bias === undefined ? 0 : 1)) ** 2);
  const grams = layers.reduce((sum, { groups }, l) => sum + groups * sizes[l], 0);
  return 8 * (grams + 4 * Math.max(...sizes));
}

function liveInputs({ layer, gram, size }: InputGram): Int32Array {
  const inputs = Int32Array.from({ length: layer.fanIn }, (_, p) => p);
  return inputs.filter((p) => gram[p * size + p] > 0);
}

function reconstructionModel(
  { layer, gram, size, rows }: InputGram,
  live: Int32Array,
  relativeDamping: number,
  scale: number,
): QuadraticModel {
  const chosen = layer.bias === undefined ? live : Int32Array.from([...live, layer.fanIn]);
  const n = chosen.length;
  const hessian = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const value = (scale / rows) * gram[chosen[i] * size + chosen[j]];
      hessian[i * n + j] = value;
      hessian[j * n + i] = value;
      if (i === j && i < live.length) trace += value;
    }
  const damping = (relativeDamping * trace) / live.length;
  for (let i = 0; i < n; i++) hessian[i * n + i] += damping;
  return quadraticModelOf(hessian, n, () => invertSymmetric(hessian, n));
}
