/** What cc/gemm/ computes, as three loops. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * C = op(A) op(B) + bias, with ReLU if wanted, summed in float64.
 *
 * @param a [m, k], or [k, m] transposed
 * @param b [k, n], or [n, k] transposed
 * @param bias [n]
 * @returns [m, n]
 */
export function matMul(a: Float32Array, b: Float32Array, bias: Float32Array, relu: boolean, of: Product): Float64Array {
  const { m, n, k, transposeA, transposeB } = of;
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = bias[j]!;
      for (let l = 0; l < k; l++)
        sum += a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!;
      c[i * n + j] = relu ? Math.max(0, sum) : sum;
    }
  return c;
}
