#!/usr/bin/env bash
# mathjs 15.2.0; ml-matrix 6.15.1 beside it.
#
# Expected: the eigenvalues of a matrix times 1e-13 are its eigenvalues times 1e-13, to ten digits or more.
# Seen: eigs of a symmetric positive definite matrix of order 1e-13 returns its diagonal, sorted: the smallest eigenvalue is several times too large, the largest too small, and nothing is raised.
# At 1e-10 six digits are left, at 1 all of them; the tolerance of the rotations, a relative one by name, is compared with the entries themselves.
# ml-matrix's EigenvalueDecomposition keeps twelve digits at every scale.
# What it means: a Fisher matrix or Hessian late in training has entries of the square of small gradients; its condition number and its flat directions, which say what can be pruned, are then those of its diagonal.
# Scale the matrix to entries near one before the call.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . mathjs@15.2.0 ml-matrix@6.15.1 >/dev/null
cat > curvatures.mjs <<'SOURCE'
import { eigs } from 'mathjs';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

let state = 5;
const uniform = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647 - 0.5;
};
const examples = new Matrix(Array.from({ length: 16 }, () => Array.from({ length: 8 }, uniform)));
const fisher = examples.transpose().mmul(examples);
const ascending = (values) => [...values].sort((a, b) => a - b);
const byMlMatrix = (matrix) => ascending(new EigenvalueDecomposition(matrix).realEigenvalues);
const truth = byMlMatrix(fisher);
const worst = (values) => values.reduce((most, value, i) => Math.max(most, Math.abs(value - truth[i]) / truth[i]), 0);

const errors = {};
for (const scale of [1, 1e-10, 1e-13]) {
  const small = Matrix.mul(fisher, scale);
  const seen = ascending(eigs(small.to2DArray()).values).map((value) => value / scale);
  errors[scale] = worst(seen);
  const other = worst(byMlMatrix(small).map((value) => value / scale));
  console.log(`scale ${scale}: worst relative error of mathjs ${errors[scale].toExponential(1)}, of ml-matrix ${other.toExponential(1)}`);
  if (scale === 1e-13) {
    const diagonal = ascending(fisher.diagonal());
    const toDiagonal = seen.reduce((most, value, i) => Math.max(most, Math.abs(value / diagonal[i] - 1)), 0);
    console.log(`  true ${truth[0].toFixed(3)} … ${truth.at(-1).toFixed(3)}, mathjs ${seen[0].toFixed(3)} … ${seen.at(-1).toFixed(3)}; from the sorted diagonal it is off by ${toDiagonal.toExponential(1)}`);
    if (toDiagonal > 1e-12) process.exitCode = 1;
  }
  if (other > 1e-10) process.exitCode = 1;
}
if (!(errors[1] < 1e-10 && errors[1e-10] > 1e-9 && errors[1e-13] > 0.5)) process.exitCode = 1;
SOURCE
node curvatures.mjs
