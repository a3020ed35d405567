import { join } from 'node:path';
import { makeFolder, writeWhole } from '@prunebench/files';
import { encodeDense, encodeSparse } from '@prunebench/sparse';
import { shrink } from '@prunebench/surgery';
import { fromHere } from '../options/from-here.ts';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { findTrial } from '../plan/find-trial.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { existingResults } from '../results/results-folder.ts';

export interface ExportCommandOptions extends Selection {
  readonly sparse: boolean;
  readonly shrink: boolean;
  readonly output: string;
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

/** Writes a finished trial's network as a safetensors file. */
export async function exportTrial(key: string | undefined, options: ExportCommandOptions): Promise<void> {
  const results = await existingResults(options.results);
  const registry = await registryFor(results, options.plugin);
  const wanted = { key, filters: selectionFilters(options) };
  const { record, network, state } = await findTrial(wanted, registry, results);
  const exported = options.shrink ? shrink(network, state).state : state;
  const bytes = options.sparse ? encodeSparse(exported) : encodeDense(exported);
  const folder = fromHere(options.output);
  await makeFolder(folder, '--output');
  const kind = `${options.shrink ? '.shrunken' : ''}${options.sparse ? '.sparse' : ''}`;
  const file = join(folder, `${record.key}${kind}.safetensors`);
  await writeWhole(file, bytes);
  const dense = encodeDense(state).length;
  if (options.json) console.log(JSON.stringify({ file, bytes: bytes.length, denseBytes: dense }, null, 2));
  else console.log(`${file}\n${bytes.length} bytes; dense: ${dense}`);
}
