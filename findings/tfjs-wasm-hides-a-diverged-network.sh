#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0, @tensorflow/tfjs-layers 4.22.0, @tensorflow/tfjs-backend-cpu 4.22.0 and @tensorflow/tfjs-backend-wasm 4.22.0.
#
# Expected: NaN passes through a network on either backend, so that a diverged run shows itself.
# Seen: on wasm an activation that is fused into its layer turns NaN into 0, for ReLU and for ReLU6, and a dense layer of tfjs-layers with bias and activation fuses them.
# A network with a NaN in every hidden unit answers with finite probabilities on wasm and with NaN on cpu.
# tf.relu by itself keeps NaN on wasm; tf.relu6 gives 0, tf.clipByValue its lower bound, tf.avgPool -Infinity, and tf.maximum(0, x) gives 0 where tf.maximum(x, 0) gives NaN.
# What it means: on wasm a check for NaN in the outputs or in the loss does not find a diverged or badly loaded network, and its accuracy is that of a network with those units pruned.
# Check the weights, not the outputs.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . @tensorflow/tfjs-core@4.22.0 \
  @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null
cat > diverged.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
require('@tensorflow/tfjs-backend-wasm');
const layers = require('@tensorflow/tfjs-layers');

function network() {
  const model = layers.sequential({
    layers: [
      layers.layers.dense({ units: 4, inputShape: [3], activation: 'relu' }),
      layers.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.setWeights([tf.fill([3, 4], NaN), tf.zeros([4]), tf.ones([4, 2]), tf.tensor1d([0, 1])]);
  return model.predict(tf.ones([1, 3]));
}

const nan = () => tf.tensor1d([NaN]);
// name, operation, answer on cpu, answer on wasm
const cases = [
  ['probabilities of a network of NaN', network, 'NaN NaN', '0.2689 0.7311'],
  ['relu(x)', () => tf.relu(nan()), 'NaN', 'NaN'],
  ['relu6(x)', () => tf.relu6(nan()), 'NaN', '0.0000'],
  ['clipByValue(x, -1, 1)', () => tf.clipByValue(nan(), -1, 1), 'NaN', '-1.0000'],
  ['maximum(x, 0)', () => tf.maximum(nan(), 0), 'NaN', 'NaN'],
  ['maximum(0, x)', () => tf.maximum(0, nan()), 'NaN', '0.0000'],
  ['avgPool(x)', () => tf.avgPool(tf.fill([1, 2, 2, 1], NaN), 2, 2, 'valid'), 'NaN', '-Infinity'],
];
(async () => {
  for (const [column, backend] of [[2, 'cpu'], [3, 'wasm']]) {
    await tf.setBackend(backend);
    for (const row of cases) {
      const seen = Array.from(row[1]().dataSync(), (value) => value.toFixed(4)).join(' ');
      console.log(`seen on ${backend}: ${row[0]} = ${seen}`);
      if (seen !== row[column]) process.exitCode = 1;
    }
  }
})();
SOURCE
node diverged.cjs 2>/dev/null | grep '^seen'
exit "${PIPESTATUS[0]}"
