import { printable } from '@prunebench/core';
import colors from 'picocolors';
import { checkBackend, checkCompiler } from '../doctor/backend.ts';
import type { Finding } from '../doctor/check.ts';
import { checkDataset, neededDatasets } from '../doctor/datasets.ts';
import { checkDisk, checkMemory, checkNode, checkProcessor } from '../doctor/machine.ts';
import { checkPyTorch } from '../doctor/python.ts';
import { checkResults } from '../doctor/results.ts';
import { loadRegistry } from '../registry.ts';

export interface DoctorOptions {
  readonly backend: string;
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

/** Checks everything that a run needs and prints what it finds; the exit code is 1 where something fails without which a benchmark cannot run. */
export async function doctor({ backend, results, plugin, json }: DoctorOptions): Promise<void> {
  const registry = await loadRegistry(plugin);
  const findings: Finding[] = [];
  const add = (finding: Finding) => {
    findings.push(finding);
    if (!json) print(finding);
  };
  add(await checkNode());
  add(checkProcessor());
  add(checkMemory());
  add(await checkDisk(results));
  add(await checkResults(results));
  add(checkCompiler());
  for (const finding of await checkBackend(backend, registry)) add(finding);
  add(await checkPyTorch());
  const needed = await neededDatasets(registry);
  for (const entry of registry.datasets.values()) add(await checkDataset(entry, needed.has(entry.id)));
  if (json) console.log(JSON.stringify(findings, null, 2));
  if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1;
}

const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red };

function print({ status, subject, detail, remedy }: Finding): void {
  // Not through `console.log`, which writes colours out as well.
  process.stdout.write(`${paint[status](status.padEnd(4))}  ${printable(`${subject}: ${detail}`)}\n`);
  if (remedy) process.stdout.write(`      ${printable(remedy)}\n`);
}
