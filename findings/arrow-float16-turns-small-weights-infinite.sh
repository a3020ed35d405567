#!/usr/bin/env bash
# apache-arrow 21.2.0.
#
# Expected: a Float16 column rounds to the nearest half-precision number: what is below half the smallest one, 2^-24, becomes 0, and what is above 65504 becomes Infinity.
# Seen: 1e-8 and -1e-8 become -Infinity, 1e-9 becomes 0.00004196, 1e-20 becomes 0.00001919, 65536 becomes 2 and 70000 becomes 2.134765625.
# Nothing is raised, neither when the column is made nor when it is read or written.
# Numbers from 2^-24 to 65504 are right to within one unit in the last place, so that freshly initialised weights pass every look at them.
# What it means: weights that a penalty or weight decay has driven near zero, the very ones that pruning is about, come back from a file as -Infinity or as forty thousand times themselves.
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

// value, nearest half-precision number, what the column gives
const rows = [
  [0.5, 0.5, 0.5],
  [-0.333251953125, -0.333251953125, -0.333251953125],
  [1e-8, 0, -Infinity],
  [-1e-8, -0, -Infinity],
  [1e-9, 0, 0.000041961669921875],
  [1e-20, 0, 0.00001919269561767578],
  [65536, Infinity, 2],
  [70000, Infinity, 2.134765625],
];
const column = vectorFromArray(rows.map(([value]) => value), new Float16());
const read = [...tableFromIPC(tableToIPC(new Table({ column }))).getChild('column')];
for (const [i, [value, nearest, known]] of rows.entries()) {
  console.log(`${value}: ${read[i]} (nearest half-precision number ${nearest})`);
  if (!Object.is(read[i], known)) process.exitCode = 1;
}
SOURCE
node halves.mjs
