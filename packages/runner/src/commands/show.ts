import { PrunebenchError } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { fromHere } from '../options/from-here.ts';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { findRecord } from '../plan/find-record.ts';
import { runAgain } from '../plan/find-trial.ts';
import { existingResults } from '../results/results-folder.ts';
import { StageStore } from '../stages/stage-store.ts';
import { trainingCurve } from '../stages/training-curve.ts';
import { screenOf } from '../terminal/setting.ts';
import { describeTrial } from '../terminal/trial.ts';

export interface ShowOptions extends Selection {
  readonly svg?: string;
  readonly results: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
}

/** Prints everything that is known of one trial, and draws it where that is asked for. */
export async function show(key: string | undefined, options: ShowOptions): Promise<void> {
  const folder = await existingResults(options.results);
  const record = await findRecord({ key, filters: selectionFilters(options) }, folder);
  const notice = (line: string) => console.error(line);
  // The suite's entries bring its tensors along, for which only a curve has a use.
  const registry = async () => (await import('../results/remembered-plugins.ts')).registryFor(folder, options.plugin);
  const curve = await trainingCurve(record, new StageStore(folder.stages), registry, notice);
  const file = options.svg === undefined ? undefined : fromHere(options.svg);
  if (file !== undefined) await draw(file, record, curve);
  if (options.json) {
    console.log(JSON.stringify({ ...record, curve, ...(file !== undefined && { svg: file }) }, null, 2));
    return;
  }
  const again = `${runAgain(record)} --results <folder>`;
  for (const line of describeTrial(record, curve, { again, width: screenOf(process.stdout).width })) console.log(line);
  if (file !== undefined) console.log(`\n${file}`);
}

async function draw(file: string, ...trial: Parameters<typeof import('@prunebench/report').trialPlot>): Promise<void> {
  // Plots need a large library, for which only those wait who ask for one.
  const { renderSvg, trialPlot } = await import('@prunebench/report');
  const plot = trialPlot(...trial);
  if (plot === null)
    throw new PrunebenchError(`There is nothing to draw of trial ${trial[0].key}: it has no numbers and no curve.`, {
      remedy: 'Choose another trial, or leave out --svg.',
    });
  await writeWhole(file, await renderSvg(plot));
}
