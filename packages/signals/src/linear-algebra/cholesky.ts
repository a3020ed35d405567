import { PrunebenchError } from '@prunebench/core';

// Matrices are row-major Float64Array. ml-matrix's Cholesky works through accessor calls on an array of rows; the flat
// form below is several times faster on the thousands of small blocks that block-wise criteria invert.

/**
 * The lower triangle L of a = L Lᵀ, in place: the strict upper triangle of `a` keeps its old values and is never read.
 *
 * @param a symmetric positive definite, [n, n]; only its lower triangle is read
 * @throws PrunebenchError where `a` is not positive definite, with the damping as the remedy
 */
export function choleskyFactor(a: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const sum = a[rowI + j] - dotRows(a, rowI, j * n, j);
      if (j < i) a[rowI + j] = sum / a[j * n + j];
      else if (sum > 0) a[rowI + i] = Math.sqrt(sum);
      else throw notPositiveDefinite(i, sum);
    }
  }
  return a;
}

/** The lower triangle of L⁻¹, as a new matrix whose strict upper triangle is 0. */
function invertLowerTriangle(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let k = 0; k < i; k++) {
      const scale = factor[rowI + k];
      if (scale === 0) continue;
      const rowK = k * n;
      for (let j = 0; j <= k; j++) inverse[rowI + j] -= scale * inverse[rowK + j];
    }
    const pivot = 1 / factor[rowI + i];
    for (let j = 0; j < i; j++) inverse[rowI + j] *= pivot;
    inverse[rowI + i] = pivot;
  }
  return inverse;
}

/**
 * The inverse of a symmetric positive definite matrix, both triangles filled.
 *
 * @param a [n, n], unchanged
 */
export function invertSymmetric(a: Float64Array, n: number): Float64Array {
  const triangle = invertLowerTriangle(choleskyFactor(a.slice(), n), n);
  const inverse = new Float64Array(n * n);
  // A⁻¹ = L⁻ᵀ L⁻¹ as a sum of outer products of the rows of L⁻¹, so that every access is contiguous.
  for (let k = 0; k < n; k++) {
    const row = k * n;
    for (let i = 0; i <= k; i++) {
      const scale = triangle[row + i];
      if (scale === 0) continue;
      const target = i * n;
      for (let j = 0; j <= i; j++) inverse[target + j] += scale * triangle[row + j];
    }
  }
  return mirrorLowerTriangle(inverse, n);
}

/** The diagonal of A⁻¹ from the Cholesky factor of A. */
export function inverseDiagonal(factor: Float64Array, n: number): Float64Array {
  const triangle = invertLowerTriangle(factor, n);
  const diagonal = new Float64Array(n);
  for (let k = 0; k < n; k++) for (let i = 0; i <= k; i++) diagonal[i] += triangle[k * n + i] ** 2;
  return diagonal;
}

/** Solves L Lᵀ x = b in place, given the factor L. */
export function choleskySolve(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  forwardSubstitute(factor, n, b);
  for (let i = n - 1; i >= 0; i--) {
    b[i] /= factor[i * n + i];
    for (let j = 0; j < i; j++) b[j] -= factor[i * n + j] * b[i];
  }
  return b;
}

/** Solves L x = b in place. */
export function forwardSubstitute(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    const row = i * n;
    for (let j = 0; j < i; j++) sum -= factor[row + j] * b[j];
    b[i] = sum / factor[row + i];
  }
  return b;
}

/** Copies the lower triangle over the upper one, in place. */
function mirrorLowerTriangle(a: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
  return a;
}

/** Four running sums break the chain of dependent additions. */
function dotRows(a: Float64Array, x: number, y: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[x + k] * a[y + k];
    s1 += a[x + k + 1] * a[y + k + 1];
    s2 += a[x + k + 2] * a[y + k + 2];
    s3 += a[x + k + 3] * a[y + k + 3];
  }
  for (; k < length; k++) s0 += a[x + k] * a[y + k];
  return s0 + s1 + (s2 + s3);
}

function notPositiveDefinite(pivot: number, value: number): PrunebenchError {
  return new PrunebenchError(
    `A curvature matrix is not positive definite (pivot ${pivot} is ${value.toExponential(2)}), so it has no inverse.`,
    { remedy: 'Raise the criterion\'s option "damping", or use more samples.' },
  );
}
