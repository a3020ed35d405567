#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0, @tensorflow/tfjs-layers 4.22.0 and @tensorflow/tfjs-backend-cpu 4.22.0.
#
# Expected: a seed makes a draw repeatable, whatever number it is; a dropout layer with a seed draws a new mask at every step, repeatably.
# Seen: seed 0 is taken for no seed by randomNormal, truncatedNormal, randomStandardNormal, randomGamma and multinomial, and so by the normal initializers (He, Glorot, LeCun) of tfjs-layers: two calls differ.
# randomUniform, randomUniformInt, dropout and the uniform initializers do take seed 0.
# A dropout layer with a seed, any seed, has one and the same mask for ever: the seed starts a new generator at every call.
# What it means: of runs with seeds 0 to 9 the first cannot be repeated, though every uniform draw of it can, which makes the cause hard to see.
# And a network with seeded dropout is trained as a fixed random sub-network for each place in the batch: pruned at random rather than regularized.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null
cat > seeds.cjs <<'SOURCE'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { initializers, layers } = require('@tensorflow/tfjs-layers');

// name, draw, whether two calls with seed 0 give the same
const draws = [
  ['randomUniform', (seed) => tf.randomUniform([9], 0, 1, 'float32', seed), true],
  ['randomNormal', (seed) => tf.randomNormal([9], 0, 1, 'float32', seed), false],
  ['truncatedNormal', (seed) => tf.truncatedNormal([9], 0, 1, 'float32', seed), false],
  ['randomGamma', (seed) => tf.randomGamma([9], 1, 1, 'float32', seed), false],
  ['multinomial', (seed) => tf.multinomial(tf.zeros([9]), 99, seed), false],
  ['heUniform', (seed) => initializers.heUniform({ seed }).apply([9, 9]), true],
  ['heNormal', (seed) => initializers.heNormal({ seed }).apply([9, 9]), false],
];
const same = (draw) => String(draw().dataSync()) === String(draw().dataSync());
for (const [name, draw, zeroSeeds] of draws) {
  const seen = [same(() => draw(0)), same(() => draw(1))];
  const words = seen.map((equal, seed) => `seed ${seed} twice ${equal ? 'the same' : 'DIFFERS'}`);
  console.log(`seen: ${name}: ${words.join(', ')}`);
  if (seen[0] !== zeroSeeds || !seen[1]) process.exitCode = 1;
}
const step = (layer) => layer.apply(tf.ones([4, 64]), { training: true });
for (const [name, layer, fixed] of [['seed 7', layers.dropout({ rate: 0.5, seed: 7 }), true], ['no seed', layers.dropout({ rate: 0.5 }), false]]) {
  const equal = same(() => step(layer));
  console.log(`seen: dropout layer, ${name}: masks of two steps ${equal ? 'the same' : 'differ'}`);
  if (equal !== fixed) process.exitCode = 1;
}
SOURCE
node seeds.cjs 2>/dev/null | grep '^seen'
exit "${PIPESTATUS[0]}"
