import { choleskyFactor, choleskySolve, forwardSubstitute, inverseDiagonal } from './cholesky.ts';
import { addGram } from './gram.ts';
import { multiply, woodburyInverse } from './woodbury.ts';

/** What block-wise criteria ask of F⁻¹, where F = λI + (1/N) GᵀG and G is [N, n] with sample gradients as rows. */
export interface DampedInverse {
  /** [F⁻¹]_qq for every q. */
  diagonal(): Float64Array;
  /** F⁻¹ v, as a new array. */
  apply(v: Float64Array): Float64Array;
}

/** The same inverse by three roads; `auto` takes the cheaper of `direct` and `dual`. */
export type InverseForm = 'auto' | 'direct' | 'dual' | 'recursion';

export interface GradientBlock {
  /** G by columns: column q is gradients[q * rows ... (q + 1) * rows). */
  readonly gradients: Float64Array;
  readonly rows: number;
  readonly columns: number;
  /** N above; fewer than `rows` where a sample has several gradients. */
  readonly samples: number;
  /** λ */
  readonly damping: number;
}

/** The damped inverse of one block's Fisher or Gauss-Newton matrix. */
export function dampedInverse(block: GradientBlock, form: InverseForm): DampedInverse {
  if (form === 'auto') return dampedInverse(block, cheaperForm(block));
  if (form === 'direct') return directInverse(block);
  return form === 'dual' ? dualInverse(block) : recursionInverse(block);
}

/** λI + (1/N) GᵀG, both triangles. */
export function dampedGram({ gradients, rows, columns, samples, damping }: GradientBlock): Float64Array {
  const gram = new Float64Array(columns * columns);
  addGram(gram, gradients, columns, rows);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j <= i; j++) {
      const value = gram[i * columns + j] / samples + (i === j ? damping : 0);
      gram[i * columns + j] = value;
      gram[j * columns + i] = value;
    }
  return gram;
}

/** Bytes of `dampedInverse` that live as long as it does. */
export function dampedInverseKept(rows: number, columns: number, form: InverseForm): number {
  const chosen = form === 'auto' ? cheaperForm({ rows, columns }) : form;
  return 8 * (chosen === 'dual' ? rows * columns + rows ** 2 : columns ** 2);
}

/** Bytes that `dampedInverse` takes for a block, its gradients included. */
export function dampedInverseBytes(rows: number, columns: number, form: InverseForm): number {
  const chosen = form === 'auto' ? cheaperForm({ rows, columns }) : form;
  return 8 * (chosen === 'dual' ? 2 * rows * columns + rows ** 2 : rows * columns + 2 * columns ** 2);
}

function cheaperForm({ rows, columns }: Pick<GradientBlock, 'rows' | 'columns'>): 'direct' | 'dual' {
  const direct = (rows * columns ** 2) / 2 + columns ** 3 / 3;
  const dual = rows ** 2 * columns + rows ** 3 / 6;
  return dual < direct ? 'dual' : 'direct';
}

function directInverse(block: GradientBlock): DampedInverse {
  return factoredInverse(choleskyFactor(dampedGram(block), block.columns), block.columns);
}

/** Apart from the gradients: an inverse that is kept must not keep them. */
function factoredInverse(factor: Float64Array, columns: number): DampedInverse {
  return {
    diagonal: () => inverseDiagonal(factor, columns),
    apply: (v) => choleskySolve(factor, columns, v.slice()),
  };
}

/** F⁻¹ = λ⁻¹ [I - Gᵀ (NλI + GGᵀ)⁻¹ G]: an N x N system instead of an n x n one. */
function dualInverse({ gradients, rows, columns, samples, damping }: GradientBlock): DampedInverse {
  const kernel = new Float64Array(rows * rows);
  const transposed = new Float64Array(gradients.length);
  for (let q = 0; q < columns; q++)
    for (let r = 0; r < rows; r++) transposed[r * columns + q] = gradients[q * rows + r];
  addGram(kernel, transposed, rows, columns);
  for (let r = 0; r < rows; r++) kernel[r * rows + r] += samples * damping;
  const factor = choleskyFactor(kernel, rows);
  const column = (q: number) => gradients.slice(q * rows, (q + 1) * rows);
  return {
    diagonal: () =>
      Float64Array.from({ length: columns }, (_, q) => {
        const whitened = forwardSubstitute(factor, rows, column(q));
        return (1 - whitened.reduce((sum, value) => sum + value * value, 0)) / damping;
      }),
    apply(v) {
      const projected = new Float64Array(rows);
      for (let q = 0; q < columns; q++) for (let r = 0; r < rows; r++) projected[r] += gradients[q * rows + r] * v[q];
      choleskySolve(factor, rows, projected);
      return v.map((value, q) => {
        let sum = 0;
        for (let r = 0; r < rows; r++) sum += gradients[q * rows + r] * projected[r];
        return (value - sum) / damping;
      });
    },
  };
}

/** The paper's recursion over samples. */
function recursionInverse({ gradients, rows, columns, samples, damping }: GradientBlock): DampedInverse {
  const row = (index: number, out: Float64Array) => {
    for (let q = 0; q < columns; q++) out[q] = gradients[q * rows + index];
  };
  return explicitInverse(woodburyInverse({ count: rows, row }, columns, samples, damping), columns);
}

function explicitInverse(inverse: Float64Array, columns: number): DampedInverse {
  return {
    diagonal: () => Float64Array.from({ length: columns }, (_, q) => inverse[q * columns + q]),
    apply(v) {
      const out = new Float64Array(columns);
      multiply(inverse, v, columns, out);
      return out;
    },
  };
}
