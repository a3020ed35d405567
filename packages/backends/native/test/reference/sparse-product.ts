/** What cc/sparse/sparse-matrix.cc computes. Weight i of row r has i from starts[r] to starts[r + 1]. */
export interface Csr {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** y = matrix x + bias, with ReLU; x [columns, n], bias [rows], y [rows, n]; summed in float64. */
export function csrTimesDense(
  { starts, columns, values }: Csr,
  x: Float32Array,
  n: number,
  bias: Float32Array,
): Float64Array {
  const rows = starts.length - 1;
  const y = new Float64Array(rows * n);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < n; j++) {
      let sum = bias[row]!;
      for (let i = starts[row]!; i < starts[row + 1]!; i++) sum += values[i]! * x[columns[i]! * n + j]!;
      y[row * n + j] = Math.max(0, sum);
    }
  return y;
}

/** out[i] = a[row of i, :] . b[column of i, :] at the kept positions alone; a [rows, n], b [columns, n]. */
export function sampledProduct({ starts, columns }: Csr, a: Float32Array, b: Float32Array, n: number): Float64Array {
  const out = new Float64Array(columns.length);
  for (let row = 0; row < starts.length - 1; row++)
    for (let i = starts[row]!; i < starts[row + 1]!; i++)
      for (let j = 0; j < n; j++) out[i]! += a[row * n + j]! * b[columns[i]! * n + j]!;
  return out;
}
