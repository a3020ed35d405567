#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0, @tensorflow/tfjs-layers 4.22.0 and @tensorflow/tfjs-backend-cpu 4.22.0.
#
# Expected: the gradient of |x| at 0 is 0, as in TensorFlow and PyTorch, so that an L1 penalty leaves a weight of exactly zero where it is.
# Seen: it is -1, for tf.abs, for tf.norm of order 1 and for the L1 regularizer of tfjs-layers, for 0 and for -0.
# The regularizer alone moves zero weights: with sgd to rate times strength and back in every second step, with adam to a weight that is not zero at the end.
# So all pruned weights of a network move together, in the same direction, and the penalty itself rises from zero.
# What it means: after training with an L1 penalty and these operations a count of exact zeros depends, with plain sgd, on whether the number of steps is odd, and a mask that is not applied again after each step is lost.
# A penalty by tf.sign, which is 0 at 0, with tf.customGrad has not this fault.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
cat > penalty.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { regularizers } = require('@tensorflow/tfjs-layers');

const penalty = regularizers.l1({ l1: 0.01 });
const expect = (name, seen, known) => {
  console.log(`seen: ${name}: ${seen}`);
  if (seen !== known) process.exitCode = 1;
};
const gradient = (f) => Array.from(tf.grad(f)(tf.tensor1d([-2, -0, 0, 2])).dataSync()).join(' ');
expect('gradient of tf.abs at -2, -0, 0, 2', gradient((x) => tf.sum(tf.abs(x))), '-1 -1 -1 1');
expect('gradient of tf.norm of order 1', gradient((x) => tf.norm(x, 1)), '-1 -1 -1 1');

/** How many of 1000 zero weights are still zero after `steps` steps on the penalty alone. */
function zeros(optimizer, steps) {
  const weights = tf.variable(tf.zeros([1000]));
  for (let step = 0; step < steps; step++) optimizer.minimize(() => penalty.apply(weights), false, [weights]);
  return `${weights.dataSync().filter((value) => value === 0).length} of 1000`;
}
expect('zero weights left by sgd after 10 steps', zeros(tf.train.sgd(0.1), 10), '1000 of 1000');
expect('zero weights left by sgd after 11 steps', zeros(tf.train.sgd(0.1), 11), '0 of 1000');
expect('zero weights left by adam after 100 steps', zeros(tf.train.adam(0.01), 100), '0 of 1000');
SOURCE
node penalty.cjs 2>/dev/null | grep '^seen'
exit "${PIPESTATUS[0]}"
