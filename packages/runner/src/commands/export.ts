import { join } from 'node:path';
import { applyMasks, PrunebenchError } from '@prunebench/core';
import { makeFolder, writeWhole } from '@prunebench/files';
import { encodeSafetensors, pytorchModule, toPyTorch } from '@prunebench/interop';
import { encodeDense, encodeSparse } from '@prunebench/sparse';
import { type NetworkWithState, shrink } from '@prunebench/surgery';
import { fromHere } from '../options/from-here.ts';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { findTrial } from '../plan/find-trial.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { existingResults } from '../results/results-folder.ts';

export interface ExportCommandOptions extends Selection {
  readonly sparse: boolean;
  readonly shrink: boolean;
  readonly pytorch: boolean;
  readonly output: string;
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

/** Writes a finished trial's network as a safetensors file, for PyTorch with its module beside it. */
export async function exportTrial(key: string | undefined, options: ExportCommandOptions): Promise<void> {
  if (options.sparse && options.pytorch)
    throw new PrunebenchError('A state_dict of PyTorch has dense tensors.', {
      remedy: 'Leave out --sparse or --pytorch.',
    });
  const results = await existingResults(options.results);
  const registry = await registryFor(results, options.plugin);
  const wanted = { key, filters: selectionFilters(options) };
  const { record, network, state } = await findTrial(wanted, registry, results);
  const exported = options.shrink ? shrink(network, state) : { network, state, remarks: [] };
  const folder = fromHere(options.output);
  await makeFolder(folder, '--output');
  const kind = `${options.shrink ? '.shrunken' : ''}${options.sparse ? '.sparse' : ''}${options.pytorch ? '.pytorch' : ''}`;
  const name = `${record.key}${kind}`;
  const file = join(folder, `${name}.safetensors`);
  const bytes = options.pytorch
    ? pytorchBytes(exported)
    : options.sparse
      ? encodeSparse(exported.state)
      : encodeDense(exported.state);
  await writeWhole(file, bytes);
  const module = join(folder, `${name}.py`);
  if (options.pytorch) await writeWhole(module, pytorchModule(exported.network, `${name}.safetensors`));
  const dense = encodeDense(state).length;
  const { remarks } = exported;
  if (options.json) {
    const written = { file, ...(options.pytorch && { module }), bytes: bytes.length, denseBytes: dense, remarks };
    console.log(JSON.stringify(written, null, 2));
    return;
  }
  console.log([file, ...(options.pytorch ? [module] : []), `${bytes.length} bytes; dense: ${dense}`].join('\n'));
  for (const remark of remarks) console.log(`note: ${remark}.`);
}

function pytorchBytes({ network, state }: NetworkWithState): Uint8Array {
  const tensors = toPyTorch(network, applyMasks(state.parameters, state.masks));
  return encodeSafetensors({ tensors, metadata: {} });
}
