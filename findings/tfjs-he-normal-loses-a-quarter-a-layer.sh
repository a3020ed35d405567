#!/usr/bin/env bash
# @tensorflow/tfjs-layers 4.22.0 with @tensorflow/tfjs-core 4.22.0 and @tensorflow/tfjs-backend-cpu 4.22.0.
#
# Expected: heNormal draws weights of variance 2 / fan-in, as its name says and as Keras does, so that a deep ReLU network keeps the size of its signals.
# Seen: the variance is 0.774 of that, for heNormal, glorotNormal and leCunNormal alike; the uniform initializers are right.
# The draw is cut off at two standard deviations, which lowers the variance, and the deviation asked for is not raised to make up for it, as Keras does by the factor 1 / 0.8796.
# After 20 ReLU layers of 256 units the mean square of the signals is below a hundredth of what went in; with heUniform it is about 1.
# What it means: a network re-made from a paper "with He initialization" starts differently here for normal and uniform, and criteria at initialization (SNIP, GraSP, layer collapse) see gradients that fade with depth.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
cat > variance.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { initializers } = require('@tensorflow/tfjs-layers');

const meanSquare = (tensor) => tf.mean(tf.square(tensor)).dataSync()[0];
const expect = (name, seen, low, high) => {
  console.log(`seen: ${name}: ${seen.toFixed(4)}`);
  if (!(seen > low && seen < high)) process.exitCode = 1;
};
for (const [name, textbook, low, high] of [
  ['heNormal', 2 / 400, 0.76, 0.79],
  ['glorotNormal', 2 / 700, 0.76, 0.79],
  ['leCunNormal', 1 / 400, 0.76, 0.79],
  ['heUniform', 2 / 400, 0.99, 1.01],
]) {
  const share = meanSquare(initializers[name]({ seed: 3 }).apply([400, 300])) / textbook;
  expect(`${name}, variance as a share of the textbook's`, share, low, high);
}
for (const [name, low, high] of [['heNormal', 0, 0.01], ['heUniform', 0.5, 2]]) {
  let x = tf.randomNormal([32, 256], 0, 1, 'float32', 1);
  for (let layer = 0; layer < 20; layer++) {
    x = tf.relu(tf.matMul(x, initializers[name]({ seed: 10 + layer }).apply([256, 256])));
  }
  expect(`${name}, mean square after 20 ReLU layers`, meanSquare(x), low, high);
}
SOURCE
node variance.cjs 2>/dev/null | grep '^seen'
exit "${PIPESTATUS[0]}"
