import { Command } from 'commander';
import type { DoctorOptions } from '../commands/doctor.ts';
import { backendOption, jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench doctor`: checks the machine. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'check everything that a run needs: Node.js, backend, datasets, disk, memory, results folder; and PyTorch, for speed',
    )
    .addOption(backendOption())
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
It ends with 1 where something is missing that benchmarks need. PRUNEBENCH_PYTHON chooses the Python that speed compares with.
`,
    )
    .addHelpText('after', examples('doctor', 'doctor --backend native'))
    .action(async (options: DoctorOptions) => (await import('../commands/doctor.ts')).doctor(options));
}
