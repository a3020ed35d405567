#!/usr/bin/env bash
# mathjs 15.2.0; ml-matrix 6.15.1 beside it.
#
# Expected: pinv of a symmetric matrix of rank 10 in 20 dimensions is its pseudo-inverse, A P A = A to about 1e-12.
# Seen: for X'X of 10 examples and 20 weights mathjs's pinv returns numbers of the order 1e15, A P A is off by more than the size of A, and nothing is raised.
# A square matrix is first given to inv, which gives up only at a pivot that is exactly zero; rounding leaves 1e-16 there, so the matrix counts as regular and is inverted.
# lusolve of the same package calls the same matrix singular, and ml-matrix's pseudoInverse is right to 1e-14.
# What it means: Optimal Brain Surgeon and everything else with an inverse Hessian, with fewer examples than weights (the usual case), ranks its weights by rounding errors.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . mathjs@15.2.0 ml-matrix@6.15.1 >/dev/null
cat > hessian.mjs <<'SOURCE'
import { lusolve, pinv } from 'mathjs';
import { Matrix, pseudoInverse } from 'ml-matrix';

let state = 5;
const uniform = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647 - 0.5;
};
const examples = new Matrix(Array.from({ length: 10 }, () => Array.from({ length: 20 }, uniform)));
const hessian = examples.transpose().mmul(examples);
const error = (p) => Matrix.sub(hessian.mmul(p).mmul(hessian), hessian).norm() / hessian.norm();

const byMathjs = new Matrix(pinv(hessian.to2DArray()));
const byMlMatrix = pseudoInverse(hessian);
console.log(`mathjs pinv: norm ${byMathjs.norm().toExponential(1)}, |APA - A| / |A| ${error(byMathjs).toExponential(1)}`);
console.log(`ml-matrix pseudoInverse: norm ${byMlMatrix.norm().toExponential(1)}, |APA - A| / |A| ${error(byMlMatrix).toExponential(1)}`);
let raised = '';
try {
  lusolve(hessian.to2DArray(), Array(20).fill(1));
} catch (problem) {
  raised = problem.message;
}
console.log(`mathjs lusolve: ${raised}`);
const so = byMathjs.norm() > 1e12 && error(byMathjs) > 0.1 && error(byMlMatrix) < 1e-12 && raised.includes('singular');
process.exitCode = so ? 0 : 1;
SOURCE
node hessian.mjs
