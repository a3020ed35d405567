#!/usr/bin/env bash
# vega-lite 6.5.0 with vega 6.4.0.
#
# Expected: a band of one standard deviation whose lower end is below zero is cut off at the edge of a logarithmic plot, and the line of means above it is drawn as it is.
# Seen: every error is positive and so is every mean, but one band's lower end, mean minus deviation, is negative, and with it the whole plot is gone.
# The shared domain becomes [-10, NaN], the axis has no label, and the line of means lies flat on the upper edge at height 0 for all sparsities.
# The picture is written without an error; the one sign is the runtime's warning of a log scale whose domain includes zero.
# With extent stderr, ci or iqr the same rows are drawn well.
# What it means: three seeds of which one collapsed, the ordinary case at high sparsity, have a deviation above their mean; a pipeline that writes such plots unwatched publishes a flat line.
#
# Needs Node.js 20 and the npm registry; nothing is installed outside a temporary folder.
# Exit code 1 when it is not so any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . vega@6.4.0 vega-lite@6.5.0 >/dev/null
cat > plot.mjs <<'SOURCE'
import { logger, parse, View, Warn } from 'vega';
import { compile } from 'vega-lite';

const errors = { 0.5: [2, 3, 4], 0.9: [5, 6, 7], 0.99: [2, 3, 40] };
const values = Object.entries(errors).flatMap(([sparsity, seeds]) => seeds.map((error) => ({ sparsity: Number(sparsity), error })));
const y = { field: 'error', type: 'quantitative', scale: { type: 'log' } };

for (const extent of ['stdev', 'stderr']) {
  const warnings = [];
  const quiet = logger(Warn, 'log', (_method, _level, words) => warnings.push(words.join(' ')));
  const { spec } = compile({
    data: { values },
    width: 300,
    height: 200,
    encoding: { x: { field: 'sparsity', type: 'quantitative' } },
    layer: [
      { mark: { type: 'errorband', extent }, encoding: { y } },
      { mark: 'line', encoding: { y: { ...y, aggregate: 'mean' } } },
    ],
  });
  const view = new View(parse(spec), { renderer: 'none', logger: quiet });
  await view.runAsync();
  const svg = await view.toSVG();
  const line = svg.match(/mark-line[\s\S]*?<path[^>]* d="([^"]*)"/)[1];
  const heights = line.slice(1).split('L').map((point) => Number(point.split(',')[1]));
  console.log(`${extent}: domain ${view.scale('y').domain().join(' to ')}, line of means ${line}, warnings: ${warnings.join('; ') || 'none'}`);
  const flat = heights.every((height) => height === 0);
  if (heights.length !== 3 || flat !== (extent === 'stdev')) process.exitCode = 1;
}
SOURCE
node plot.mjs
