import { join } from 'node:path';
import { registerNativeBackend } from '@prunebench/backend-native';
import { writeWhole } from '@prunebench/files';
import * as tf from '@tensorflow/tfjs-core';
import { csvOf } from './csv.ts';
import { describeHost, graphicsAdapter } from './host.ts';
import { availableModes, type GpuModeRow, gpuSparsities, measureGpuMode } from './sparse-gpu-modes.ts';
import { gpuTable } from './sparse-tables.ts';
import type { SpeedOptions, SpeedResult } from './speed-options.ts';

/** Measures every mode of GPU.js that runs here against the native sparse kernels: the end of `runSparseSpeed`, alone. */
export async function runGpuSpeed(options: SpeedOptions): Promise<SpeedResult<GpuModeRow>> {
  await registerNativeBackend({ threads: Math.max(...options.threads) });
  await tf.setBackend('native');
  const rows = await measureGpuModes(options);
  const file = join(options.resultsDir, 'speed-sparse-gpu.csv');
  await writeWhole(file, csvOf(rows, { ...describeHost(), adapter: await graphicsAdapter() }));
  return { rows, jobs: [], table: gpuTable(rows), files: [file] };
}

/** GPU.js takes as many threads as it likes, so it is measured once, against native kernels with the most that were asked for. */
export async function measureGpuModes({
  threads,
  rounds,
  log,
}: Pick<SpeedOptions, 'threads' | 'rounds' | 'log'>): Promise<readonly GpuModeRow[]> {
  const rows: GpuModeRow[] = [];
  for (const mode of await availableModes())
    for (const sparsity of gpuSparsities) {
      log(`GPU.js in mode ${mode}, sparsity ${sparsity}`);
      rows.push(...(await measureGpuMode(mode, sparsity, { threads: Math.max(...threads), rounds })));
    }
  return rows;
}
