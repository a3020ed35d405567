const DEPTH = 256;

/**
 * Adds XᵀX to the lower triangle of `target`, for X given by its columns. Entries above the diagonal are left undefined.
 *
 * @param target [columns, columns], row-major
 * @param x column c of X is x[c * rows ... (c + 1) * rows)
 */
export function addGram(target: Float64Array, x: Float64Array, columns: number, rows: number): void {
  addProducts(target, x, columns, x, columns, rows, true);
}

/**
 * Adds XᵀY to `target`, for X and Y given by their columns, all of length `rows`.
 *
 * @param target [xColumns, yColumns], row-major
 */
export function addCrossGram(
  target: Float64Array,
  x: Float64Array,
  xColumns: number,
  y: Float64Array,
  yColumns: number,
  rows: number,
): void {
  addProducts(target, x, xColumns, y, yColumns, rows, false);
}

function addProducts(
  target: Float64Array,
  x: Float64Array,
  xColumns: number,
  y: Float64Array,
  yColumns: number,
  rows: number,
  lowerOnly: boolean,
): void {
  const tiledX = xColumns - (xColumns % 4);
  const tiledY = yColumns - (yColumns % 4);
  // Slices of 256 rows keep the columns at hand in the first-level cache; 4 x 4 tiles load each number once per four products.
  for (let start = 0; start < rows; start += DEPTH) {
    const end = Math.min(rows, start + DEPTH);
    for (let i = 0; i < xColumns; i++) {
      const tiled = i < tiledX;
      if (tiled && i % 4 !== 0) continue;
      const limit = lowerOnly ? Math.min(yColumns, i + (tiled ? 4 : 1)) : yColumns;
      let j = 0;
      if (tiled) for (; j + 4 <= limit && j < tiledY; j += 4) addTile(target, yColumns, x, i, y, j, rows, start, end);
      for (let row = i; row < i + (tiled ? 4 : 1); row++)
        for (let column = j; column < limit; column++)
          target[row * yColumns + column] += dot(x, row * rows, y, column * rows, start, end);
    }
  }
}

function dot(x: Float64Array, xAt: number, y: Float64Array, yAt: number, start: number, end: number): number {
  let sum = 0;
  for (let k = start; k < end; k++) sum += x[xAt + k] * y[yAt + k];
  return sum;
}

/** The 4 x 4 products of columns i ... i + 3 of x and j ... j + 3 of y. */
function addTile(
  target: Float64Array,
  stride: number,
  x: Float64Array,
  i: number,
  y: Float64Array,
  j: number,
  rows: number,
  start: number,
  end: number,
): void {
  const i0 = i * rows;
  const i1 = i0 + rows;
  const i2 = i1 + rows;
  const i3 = i2 + rows;
  const j0 = j * rows;
  const j1 = j0 + rows;
  const j2 = j1 + rows;
  const j3 = j2 + rows;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let k = start; k < end; k++) {
    const b0 = y[j0 + k];
    const b1 = y[j1 + k];
    const b2 = y[j2 + k];
    const b3 = y[j3 + k];
    const a0 = x[i0 + k];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = x[i1 + k];
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = x[i2 + k];
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = x[i3 + k];
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  let t = i * stride + j;
  target[t] += s00;
  target[t + 1] += s01;
  target[t + 2] += s02;
  target[t + 3] += s03;
  t += stride;
  target[t] += s10;
  target[t + 1] += s11;
  target[t + 2] += s12;
  target[t + 3] += s13;
  t += stride;
  target[t] += s20;
  target[t + 1] += s21;
  target[t + 2] += s22;
  target[t + 3] += s23;
  t += stride;
  target[t] += s30;
  target[t + 1] += s31;
  target[t + 2] += s32;
  target[t + 3] += s33;
}
