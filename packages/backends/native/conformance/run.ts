// Runs tfjs-core's own specs on the native and on the stock cpu backend, compares, and writes report.md beside this file.
// Fails when a spec passes on the stock backend and not on the native one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildKernels } from '../src/build.ts';
import { bundleSpecs } from './bundle.ts';
import { compare, type Outcome } from './compare.ts';
import { report, undeclaredSuites } from './report.ts';

const folder = path.join(import.meta.dirname, '..', 'build', 'conformance');
mkdirSync(folder, { recursive: true });
const bundle = path.join(folder, 'suite.mjs');

function runOn(backend: string, binary: string): Outcome[] {
  const result = path.join(folder, `${backend}.json`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, 'execute.ts'), bundle, result],
    {
      env: { ...process.env, CONFORMANCE_BACKEND: backend, PRUNEBENCH_NATIVE_BINARY: binary },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  );
  if (status !== 0) throw new Error(`The specs did not run to the end on ${backend}:\n${stdout}\n${stderr}`);
  return JSON.parse(readFileSync(result, 'utf8')) as Outcome[];
}

const binary = await buildKernels();
const specFiles = await bundleSpecs(bundle);
const comparison = compare(runOn('native', binary), runOn('cpu', binary));
const { version } = createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json') as { version: string };
const reportFile = path.join(import.meta.dirname, 'report.md');
writeFileSync(reportFile, report(comparison, undeclaredSuites(specFiles), version));

const { run, passed, faults } = comparison;
console.log(`native: ${passed.native} of ${run.native} specs pass; stock cpu: ${passed.cpu} of ${run.cpu}`);
for (const { name, failures } of faults) console.error(`fails on native only: ${name}\n  ${failures.join('\n  ')}`);
console.log(`report: ${path.relative(process.cwd(), reportFile)}`);
process.exitCode = faults.length > 0 ? 1 : 0;
