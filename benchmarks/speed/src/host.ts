import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Which machine and which code a measurement belongs to. */
export function describeHost(): { commit: string; cpu: string; cores: number; node: string; measuredAt: string } {
  return {
    commit: execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    }).trim(),
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    node: process.version,
    measuredAt: new Date().toISOString(),
  };
}
