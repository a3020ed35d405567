import { choleskyFactor, choleskySolve } from '@prunebench/signals';

/** A quadratic model and the weights it is about; [n, n] matrices, row-major, symmetric. */
export interface QuadraticModel {
  readonly hessian: Float64Array;
  /** H⁻¹; computed on the first call, since a sparse mask does without it. */
  inverse(): Float64Array;
  readonly size: number;
}

/**
 * The weights once all of `removed` are 0 and the rest minimises the quadratic model ½ δwᵀ H δw:
 *
 *     δw = -[H⁻¹]_{:,Q} ([H⁻¹]_{QQ})⁻¹ w_Q     or, the same,     δw_K = (H_KK)⁻¹ H_KQ w_Q
 *
 * with Q the removed and K the kept weights. The smaller of the two systems is solved. Weights that were removed earlier
 * belong to `removed` too: they are 0 and stay 0. This equals any sequence of single removals of Q with downdates.
 *
 * @param removed 1 for the weights of Q
 */
export function groupUpdate(model: QuadraticModel, weights: Float64Array, removed: Uint8Array): Float64Array {
  const gone: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < model.size; i++) (removed[i] === 1 ? gone : kept).push(i);
  if (gone.length === 0) return weights.slice();
  return kept.length <= gone.length ? solveKept(model, weights, kept, gone) : solveRemoved(model, weights, kept, gone);
}

function solveKept(
  { hessian, size }: QuadraticModel,
  weights: Float64Array,
  kept: number[],
  gone: number[],
): Float64Array {
  const change = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) for (const q of gone) change[i] += hessian[kept[i] * size + q] * weights[q];
  choleskySolve(choleskyFactor(submatrix(hessian, size, kept), kept.length), kept.length, change);
  const updated = new Float64Array(size);
  for (let i = 0; i < kept.length; i++) updated[kept[i]] = weights[kept[i]] + change[i];
  return updated;
}

function solveRemoved(model: QuadraticModel, weights: Float64Array, kept: number[], gone: number[]): Float64Array {
  const { size } = model;
  const inverse = model.inverse();
  const multipliers = Float64Array.from(gone, (q) => weights[q]);
  choleskySolve(choleskyFactor(submatrix(inverse, size, gone), gone.length), gone.length, multipliers);
  const updated = new Float64Array(size);
  for (const k of kept) {
    let change = 0;
    for (let i = 0; i < gone.length; i++) change += inverse[k * size + gone[i]] * multipliers[i];
    updated[k] = weights[k] - change;
  }
  return updated;
}

function submatrix(a: Float64Array, size: number, indices: readonly number[]): Float64Array {
  const n = indices.length;
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) result[i * n + j] = a[indices[i] * size + indices[j]];
  return result;
}

/** The model of a Hessian whose inverse `invert` finds when it is wanted; what that takes is let go then. */
export function quadraticModelOf(hessian: Float64Array, size: number, invert: () => Float64Array): QuadraticModel {
  let inverse: Float64Array | (() => Float64Array) = invert;
  return {
    hessian,
    size,
    inverse() {
      if (typeof inverse === 'function') inverse = inverse();
      return inverse;
    },
  };
}
