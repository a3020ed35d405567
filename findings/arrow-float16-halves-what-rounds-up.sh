#!/usr/bin/env bash
# apache-arrow 21.2.0.
#
# Expected: a Float16 column rounds to the nearest half-precision number: what is below half the smallest one, 2^-24, becomes 0, and what is above 65504 becomes Infinity.
# Seen: 0.4999 becomes 0.25, 1.9999 becomes 1, 0.12499 becomes 0.0625 and 2047.9 becomes 1024.
# What would round up to an odd power of two loses the carry and comes out as half of it; what rounds up to an even power of two, such as 0.9999 to 1, is right.
# At the small end 1e-8 and -1e-8 become -Infinity, 1e-9 becomes 0.00004196 and 1e-20 becomes 0.00001919; at the large end 65536 becomes 2.
# Nothing is raised, neither when the column is made nor when it is read or written.
# What it means: of a million weights with the spread of a hidden layer's, about two hundred are halved, too few to see in a histogram or in the mean error.
# And weights that decay has driven near zero, the very ones that pruning is about, come back as -Infinity or as forty thousand times themselves.
# Round to half precision first and hand the column those numbers, or store Float32.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . apache-arrow@21.2.0 >/dev/null
cat > halves.mjs <<'SOURCE'
import { Float16, Table, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';

const stored = (values) => {
  const column = vectorFromArray(values, new Float16());
  return [...tableFromIPC(tableToIPC(new Table({ column }))).getChild('column')];
};
// value, nearest half-precision number, what the column gives
const rows = [
  [0.5, 0.5, 0.5],
  [0.9999, 1, 1],
  [0.4999, 0.5, 0.25],
  [1.9999, 2, 1],
  [-0.12499, -0.125, -0.0625],
  [2047.9, 2048, 1024],
  [1e-8, 0, -Infinity],
  [-1e-8, -0, -Infinity],
  [1e-9, 0, 0.000041961669921875],
  [1e-20, 0, 0.00001919269561767578],
  [65536, Infinity, 2],
];
const read = stored(rows.map(([value]) => value));
for (const [i, [value, nearest, known]] of rows.entries()) {
  console.log(`${value}: ${read[i]} (nearest half-precision number ${nearest})`);
  if (!Object.is(read[i], known)) process.exitCode = 1;
}

let state = 1;
const uniform = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const weights = Array.from({ length: 1_000_000 }, () => 0.05 * normal());
const back = stored(weights);
const halved = weights.filter((weight, i) => Math.abs(weight) > 2 ** -14 && Math.abs(back[i] / weight) < 0.6).length;
console.log(`of a million weights with deviation 0.05: ${halved} halved`);
if (halved < 100 || halved > 400) process.exitCode = 1;
SOURCE
node halves.mjs
