import { costOf, describePoint, pointOf, STEADY_SPREAD } from '@prunebench/core';
import { encodeDense, fileSizes, type MeasuredSpeed, measureSpeed } from '@prunebench/sparse';
import { shrink } from '@prunebench/surgery';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { findTrial } from '../plan/find-trial.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { existingResults } from '../results/results-folder.ts';
import { choiceTable } from '../terminal/choices.ts';
import { print, settingFor } from '../terminal/setting.ts';

export interface TimeCommandOptions extends Selection {
  readonly batch: readonly number[];
  readonly rounds: number;
  readonly results: string;
  readonly plugin: string[];
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Times a finished trial's network on sparse kernels against itself, compiled with nothing pruned. */
export async function time(key: string | undefined, options: TimeCommandOptions): Promise<void> {
  const { batch, rounds, results, plugin, markdown, json } = options;
  const set = settingFor(markdown, process.stdout);
  const folder = await existingResults(results);
  const registry = await registryFor(folder, plugin);
  const wanted = { key, filters: selectionFilters(options) };
  const { record, network, state } = await findTrial(wanted, registry, folder);
  const { theoreticalSpeedup, compressionRatio } = costOf(network, state.masks);
  const tables: string[] = [];
  const speeds = await measureSpeed(network, state, {
    batchSizes: batch,
    rounds,
    onCompiled: ({ batchSize, layers }) => tables.push(`Batches of ${batchSize}\n\n${set.table(choiceTable(layers))}`),
  });
  const bytes = { ...fileSizes(state), shrunken: encodeDense(shrink(network, state).state).length };
  if (json) {
    console.log(JSON.stringify({ key: record.key, theoreticalSpeedup, compressionRatio, speeds, bytes }, null, 2));
    return;
  }
  const { spec, series } = record;
  console.log(`${spec.network} on ${spec.dataset}, ${series}, ${describePoint(pointOf(spec))}, seed ${spec.seed}\n`);
  for (const table of tables) print(`${table}\n`);
  console.log(`theoretical speed-up  ${Number.isFinite(theoreticalSpeedup) ? theoreticalSpeedup.toFixed(2) : '–'}`);
  for (const speed of speeds) print(set.text(describe(speed)));
  const mebibytes = (count: number) => `${(count / 2 ** 20).toFixed(2)} MiB`;
  const smaller = (count: number) => `${mebibytes(count)} (${(bytes.dense / count).toFixed(2)} times smaller)`;
  const units = bytes.shrunken < bytes.dense ? `, without the removed units ${smaller(bytes.shrunken)}` : '';
  print(set.text(`file  dense ${mebibytes(bytes.dense)}, sparse ${smaller(bytes.sparse)}${units}`));
}

function describe({
  batchSize,
  speedup,
  speedupMin,
  speedupQ1,
  speedupQ3,
  speedupMax,
  denseMilliseconds,
  sparseMilliseconds,
}: MeasuredSpeed) {
  const [q1, q3, min, max] = [speedupQ1, speedupQ3, speedupMin, speedupMax].map((ratio) => ratio.toFixed(2));
  const times = `${denseMilliseconds.toFixed(3)} ms compiled with nothing pruned, ${sparseMilliseconds.toFixed(3)} ms pruned`;
  const scatter =
    speedupMax > STEADY_SPREAD * speedupMin ? ': the rounds disagree, measure again on a quieter machine' : '';
  return `measured, batch ${batchSize}  ${speedup.toFixed(2)} (half of the rounds ${q1} to ${q3}, all ${min} to ${max}${scatter}): ${times}`;
}
