#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0 with @tensorflow/tfjs-layers 4.22.0 (which registers the gradients) and @tensorflow/tfjs-backend-cpu 4.22.0.
#
# Expected: tf.train.adadelta scales each weight's step by running averages of its squared updates and gradients, so that rho and epsilon matter and the path differs from that of gradient descent.
# Seen: it is plain gradient descent, to the last bit, for every rho and epsilon tried.
# The step is the gradient times the ratio of the roots of the two averages as they stood before this gradient.
# Both averages start at zero, so the first step is the gradient itself, so both averages take in the same number and stay equal, and the ratio is one for ever.
# At its default rate of 0.001 the optimizer therefore creeps like descent at 0.001, and at the paper's rate of 1 it jumps like descent at 1.
# What it means: an Adadelta column of a table made with this release is a second SGD column, and agreement between the two is no evidence of anything.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
cat > compare.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-layers');

const normal = (shape, deviation, seed) => tf.randomNormal(shape, 0, deviation, 'float32', seed);
const x = normal([64, 10], 1, 1);
const y = normal([64, 3], 1, 2);

/** The weights of a network 10-16-3 after 200 steps. */
function trained(optimizer) {
  const w = tf.variable(normal([10, 16], 0.3, 3));
  const v = tf.variable(normal([16, 3], 0.3, 4));
  const loss = () => tf.mean(tf.square(tf.sub(tf.matMul(tf.relu(tf.matMul(x, w)), v), y)));
  for (let step = 0; step < 200; step++) optimizer.minimize(loss, false, [w, v]);
  return [...w.dataSync(), ...v.dataSync()];
}

const descent = trained(tf.train.sgd(0.05));
const start = trained(tf.train.sgd(0));
console.log(`weights that descent moved: ${descent.filter((value, i) => value !== start[i]).length} of ${descent.length}`);
for (const [rho, epsilon] of [[0.95, 1e-7], [0.5, 1e-7], [0.9, 1e-2]]) {
  const other = trained(tf.train.adadelta(0.05, rho, epsilon));
  const same = other.filter((value, i) => Object.is(value, descent[i])).length;
  console.log(`adadelta, rho ${rho}, epsilon ${epsilon}: ${same} of ${descent.length} weights have the bits of sgd`);
  if (same !== descent.length) process.exitCode = 1;
}
SOURCE
node compare.cjs 2>/dev/null | grep -E 'weights'
exit "${PIPESTATUS[0]}"
