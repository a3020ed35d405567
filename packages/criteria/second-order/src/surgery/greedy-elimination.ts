import { PrunebenchError } from '@prunebench/core';

/** A quadratic model of the loss around the weights, and which of them may go. */
export interface EliminationProblem {
  /** H⁻¹, [stride, stride] row-major, symmetric; unchanged, so that problems may share it. */
  readonly inverse: Float64Array;
  readonly stride: number;
  /** One weight per row of H⁻¹, in its order. */
  readonly weights: Float64Array;
  /** 1 where the weight may be removed; the others (biases) only move to compensate. */
  readonly removable: Uint8Array;
  /** Removed before: they are 0, stay 0, and neither compete nor compensate. */
  readonly removedBefore: readonly number[];
}

export interface Elimination {
  /** The removable weights in the order in which they go. */
  readonly order: Int32Array;
  /** L_q = w_q² / (2 [H⁻¹]_qq) of each at its removal: the quadratic model's increase of the loss. */
  readonly losses: Float64Array;
}

/**
 * Optimal brain surgeon to the end: again and again remove the weight with the smallest L_q, move the others by
 * δw = -(w_q / [H⁻¹]_qq) H⁻¹ e_q and downdate H⁻¹ ← H⁻¹ - H⁻¹ e_q e_qᵀ H⁻¹ / [H⁻¹]_qq
 * (Hassibi & Stork 1993; Frantar et al. 2022, algorithm 1). Ties go to the lowest index.
 *
 * The downdates are those of a Cholesky factorisation of H⁻¹ whose pivots the saliency chooses. So the downdated matrix is
 * never formed: only its diagonal and the column of the weight that goes are, the latter from the columns that went before.
 * That takes n³/6 multiply-adds for a whole run where downdating the matrix takes n³, and H⁻¹ can be shared.
 *
 * @throws PrunebenchError where rounding has used up the diagonal of H⁻¹
 */
export function greedyElimination(problem: EliminationProblem): Elimination {
  const state = startElimination(problem);
  const order: number[] = [];
  const losses: number[] = [];
  for (const index of problem.removedBefore) eliminate(state, state.position[index]);
  for (;;) {
    const position = cheapest(state, problem.removable);
    if (position < 0) break;
    const weight = state.weights[position];
    order.push(state.indices[position]);
    losses.push(weight ** 2 / (2 * state.diagonal[position]));
    eliminate(state, position);
  }
  return { order: Int32Array.from(order), losses: Float64Array.from(losses) };
}

/** Arrays in elimination order: the first `active` entries are the weights still there. */
interface EliminationState {
  readonly inverse: Float64Array;
  readonly stride: number;
  /** Current weights and diagonal of the downdated inverse, by position. */
  readonly weights: Float64Array;
  readonly diagonal: Float64Array;
  /** Original index by position, and back. */
  readonly indices: Int32Array;
  readonly position: Int32Array;
  /** The scaled columns of the eliminated weights: downdated H⁻¹ = H⁻¹ - Σ v vᵀ. */
  readonly columns: Float64Array[];
  active: number;
}

function startElimination({ inverse, stride, weights }: EliminationProblem): EliminationState {
  return {
    inverse,
    stride,
    weights: weights.slice(),
    diagonal: Float64Array.from({ length: stride }, (_, i) => inverse[i * stride + i]),
    indices: Int32Array.from({ length: stride }, (_, i) => i),
    position: Int32Array.from({ length: stride }, (_, i) => i),
    columns: [],
    active: stride,
  };
}

function cheapest(state: EliminationState, removable: Uint8Array): number {
  let best = -1;
  let bestSaliency = Number.POSITIVE_INFINITY;
  for (let i = 0; i < state.active; i++) {
    if (removable[state.indices[i]] === 0) continue;
    if (!(state.diagonal[i] > 0)) throw exhausted(state.indices[i], state.diagonal[i]);
    const saliency = state.weights[i] ** 2 / state.diagonal[i];
    if (saliency < bestSaliency || (saliency === bestSaliency && state.indices[i] < state.indices[best])) {
      best = i;
      bestSaliency = saliency;
    }
  }
  return best;
}

function eliminate(state: EliminationState, pivot: number): void {
  const { weights, diagonal, active } = state;
  const column = downdatedColumn(state, pivot);
  if (!(column[pivot] > 0)) throw exhausted(state.indices[pivot], column[pivot]);
  const scale = 1 / Math.sqrt(column[pivot]);
  const step = weights[pivot] / column[pivot];
  for (let i = 0; i < active; i++) {
    weights[i] -= step * column[i];
    column[i] *= scale;
    diagonal[i] -= column[i] * column[i];
  }
  state.columns.push(column);
  dropPosition(state, pivot);
}

/** The pivot's column of H⁻¹ - Σ v vᵀ over the active positions. */
function downdatedColumn({ inverse, stride, indices, columns, active }: EliminationState, pivot: number): Float64Array {
  const column = new Float64Array(active);
  const row = indices[pivot] * stride;
  for (let i = 0; i < active; i++) column[i] = inverse[row + indices[i]];
  let k = 0;
  // Four columns at a time: one load and one store of the result for four products.
  for (; k + 3 < columns.length; k += 4) {
    const v0 = columns[k];
    const v1 = columns[k + 1];
    const v2 = columns[k + 2];
    const v3 = columns[k + 3];
    const s0 = v0[pivot];
    const s1 = v1[pivot];
    const s2 = v2[pivot];
    const s3 = v3[pivot];
    for (let i = 0; i < active; i++) column[i] -= s0 * v0[i] + s1 * v1[i] + (s2 * v2[i] + s3 * v3[i]);
  }
  for (; k < columns.length; k++) {
    const v = columns[k];
    const s = v[pivot];
    for (let i = 0; i < active; i++) column[i] -= s * v[i];
  }
  return column;
}

/** Moves the last active weight to `pivot`, in all arrays. */
function dropPosition(state: EliminationState, pivot: number): void {
  const { weights, diagonal, indices, position, columns } = state;
  const last = state.active - 1;
  position[indices[last]] = pivot;
  position[indices[pivot]] = last;
  const gone = indices[pivot];
  indices[pivot] = indices[last];
  indices[last] = gone;
  weights[pivot] = weights[last];
  diagonal[pivot] = diagonal[last];
  for (const column of columns) column[pivot] = column[last];
  state.active = last;
}

function exhausted(index: number, value: number): PrunebenchError {
  return new PrunebenchError(
    `The inverse curvature of weight ${index} of its block became ${value.toExponential(2)} after many removals: rounding has used it up.`,
    { remedy: 'Raise the criterion\'s option "damping", or use more samples.' },
  );
}
