/** A matrix of sample gradients that hands out its rows. */
export interface Rows {
  readonly count: number;
  /** Writes row `index` into `out`. */
  row(index: number, out: Float64Array): void;
}

/**
 * The inverse of αI + (1/P) Σ g gᵀ by one rank-one (Sherman-Morrison-Woodbury) update per row:
 *
 *     H⁻¹ ← H⁻¹ - (H⁻¹ g)(H⁻¹ g)ᵀ / (P + gᵀ H⁻¹ g),   starting from α⁻¹ I
 *
 * (Hassibi & Stork 1993, eq. 12; WoodFisher eq. 8). In float64: in float32 the recursion is off by percents for small α.
 *
 * @param divisor P: the number of samples, also where a sample has several rows
 * @returns [n, n], both triangles
 */
export function woodburyInverse(rows: Rows, n: number, divisor: number, damping: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1 / damping;
  const g = new Float64Array(n);
  const projected = new Float64Array(n);
  for (let r = 0; r < rows.count; r++) {
    rows.row(r, g);
    multiply(inverse, g, n, projected);
    let curvature = divisor;
    for (let i = 0; i < n; i++) curvature += g[i] * projected[i];
    for (let i = 0; i < n; i++) {
      const scale = projected[i] / curvature;
      if (scale === 0) continue;
      const row = i * n;
      for (let j = 0; j < n; j++) inverse[row + j] -= scale * projected[j];
    }
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const mean = (inverse[i * n + j] + inverse[j * n + i]) / 2;
      inverse[i * n + j] = mean;
      inverse[j * n + i] = mean;
    }
  return inverse;
}

/** out = A x for a row-major [n, n] matrix. */
export function multiply(a: Float64Array, x: Float64Array, n: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let j = 0; j < n; j++) sum += a[row + j] * x[j];
    out[i] = sum;
  }
}
