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

/** The adapter that Dawn computes on, as its driver calls it; `none` where this process has not loaded Dawn or finds none. */
export async function graphicsAdapter(): Promise<string> {
  const gpu: unknown = 'gpu' in navigator ? navigator.gpu : undefined;
  const info = isGpu(gpu) ? (await gpu.requestAdapter())?.info : undefined;
  if (!info) return 'none';
  return [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(', ');
}

interface Gpu {
  requestAdapter(): Promise<{ readonly info: Readonly<Record<string, unknown>> } | null>;
}

function isGpu(value: unknown): value is Gpu {
  return (
    typeof value === 'object' &&
    value !== null &&
    'requestAdapter' in value &&
    typeof value.requestAdapter === 'function'
  );
}
