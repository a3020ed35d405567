#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0 and @tensorflow/tfjs-backend-cpu 4.22.0.
#
# Expected: the QR decomposition of a matrix with a column of zeros exists and is finite, Q R = A, with a zero on R's diagonal, as LAPACK gives it.
# Seen: tf.linalg.qr fills Q from that column and R from that row on with NaN, and Q R is NaN throughout, the columns before it included; nothing is raised.
# Where a column depends on the others without being zero, rounding keeps the result finite; an exact zero has no such luck.
# tf.linalg.gramSchmidt likewise answers two parallel vectors with NaN in place of an error.
# What it means: orthogonality, effective rank or a projection by QR of a layer from which a unit was pruned is NaN, and that of the dense layer with the same code is right.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
cat > columns.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');

const cases = {
  dense: [[1, 4, 2], [1, 0, 3], [1, 5, 1]],
  dependent: [[1, 2, 2], [1, 2, 3], [1, 2, 1]],
  pruned: [[1, 0, 2], [1, 0, 3], [1, 0, 1]],
};
for (const [name, rows] of Object.entries(cases)) {
  const a = tf.tensor2d(rows);
  const [q, r] = tf.linalg.qr(a);
  const product = Array.from(tf.matMul(q, r).dataSync(), (value) => value.toFixed(3));
  console.log(`seen: ${name}: QR = ${product.join(' ')}`);
  const right = rows.flat().every((value, i) => Math.abs(value - product[i]) < 0.01);
  const lost = product.every((value) => value === 'NaN');
  if (name === 'pruned' ? !lost : !right) process.exitCode = 1;
}
const schmidt = Array.from(tf.linalg.gramSchmidt(tf.tensor2d([[1, 2], [2, 4]])).dataSync(), (value) => value.toFixed(3)).join(' ');
console.log(`seen: gramSchmidt of two parallel vectors: ${schmidt}`);
if (schmidt !== '0.447 0.894 NaN NaN') process.exitCode = 1;
SOURCE
node columns.cjs 2>/dev/null | grep '^seen'
exit "${PIPESTATUS[0]}"
