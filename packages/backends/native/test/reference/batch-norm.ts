/** What cc/norm/batch-norm.cc and cc/tiles/tile-norm.cc compute, channel by channel. */
export interface Normalized {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * y = relu((x - mean) / sqrt(variance + epsilon) * gamma + beta) over x [rows, channels], with the biased variance, in float64
 * (Ioffe and Szegedy 2015, algorithm 1).
 */
export function batchNorm(x: Float32Array, gamma: Float32Array, beta: Float32Array, epsilon: number): Normalized {
  const channels = gamma.length;
  const rows = x.length / channels;
  const y = new Float64Array(x.length);
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < rows; i++) mean[c]! += x[i * channels + c]! / rows;
    for (let i = 0; i < rows; i++) variance[c]! += (x[i * channels + c]! - mean[c]!) ** 2 / rows;
    const scale = gamma[c]! / Math.sqrt(variance[c]! + epsilon);
    for (let i = 0; i < rows; i++) {
      const at = i * channels + c;
      y[at] = Math.max(0, (x[at]! - mean[c]!) * scale + beta[c]!);
    }
  }
  return { y, mean, variance };
}

export interface Gradients {
  readonly dx: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

/**
 * With g = dy where y > 0 and xhat the normalized x:
 *   dbeta = sum of g;  dgamma = sum of g xhat;  dx = gamma / sqrt(variance + epsilon) (g - mean of g - xhat mean of g xhat)
 */
export function batchNormGradient(
  dy: Float32Array,
  x: Float32Array,
  gamma: Float32Array,
  { y, mean, variance }: Normalized,
  epsilon: number,
): Gradients {
  const channels = gamma.length;
  const rows = x.length / channels;
  const dx = new Float64Array(x.length);
  const dgamma = new Float64Array(channels);
  const dbeta = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const root = Math.sqrt(variance[c]! + epsilon);
    const g = (at: number) => (y[at]! > 0 ? dy[at]! : 0);
    const xhat = (at: number) => (x[at]! - mean[c]!) / root;
    for (let at = c; at < x.length; at += channels) {
      dbeta[c]! += g(at);
      dgamma[c]! += g(at) * xhat(at);
    }
    for (let at = c; at < x.length; at += channels)
      dx[at] = (gamma[c]! / root) * (g(at) - dbeta[c]! / rows - (xhat(at) * dgamma[c]!) / rows);
  }
  return { dx, dgamma, dbeta };
}
