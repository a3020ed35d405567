#!/usr/bin/env bash
# simple-statistics 7.12.1.
#
# Expected: cumulativeStdNormalProbability(-6) is 9.87e-10 to a digit or two, and probit(0.975) is 1.95996.
# Seen: the first is 0.001, and so is that of every z below -3.09: the probability comes, as its documentation says, from a table of the printed kind, four decimals, and what lies outside takes its last entry, which it does not say.
# probit does not use the table but an approximation of the inverse error function: probit(0.975) is 1.9572 and probit(0.995) is 2.5692 instead of 2.5758.
# cumulativeStdNormalProbability(probit(0.9999)) is therefore 0.999.
# What it means: no two-sided p-value made with it is below 0.002, so that under Bonferroni or Holm at 5 % nothing can differ significantly as soon as 26 comparisons are made; five sparsities of six methods against one baseline are 30.
# And intervals of 95 % and 99 % made with its probit are too narrow by 0.14 % and 0.26 %.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . simple-statistics@7.12.1 >/dev/null
cat > tails.cjs <<'SOURCE'
const { cumulativeStdNormalProbability: cdf, probit } = require('simple-statistics');

const expect = (name, seen, known, truth) => {
  console.log(`${name}: ${seen} (true ${truth})`);
  if (seen !== known) process.exitCode = 1;
};
expect('P(z < -3)', cdf(-3).toPrecision(4), '0.001300', '0.001350');
expect('P(z < -4)', cdf(-4).toPrecision(4), '0.001000', '0.00003167');
expect('P(z < -6)', cdf(-6).toPrecision(4), '0.001000', '9.866e-10');
expect('P(z < probit(0.9999))', cdf(probit(0.9999)).toPrecision(4), '0.9990', '0.9999');
expect('probit(0.975)', probit(0.975).toFixed(4), '1.9572', '1.9600');
expect('probit(0.995)', probit(0.995).toFixed(4), '2.5692', '2.5758');
SOURCE
node tails.cjs
