import { Command } from 'commander';
import type { ExportCommandOptions } from '../commands/export.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench export`: writes a network. */
export function exportCommand(): Command {
  return new Command('export')
    .description("write a finished trial's network as a safetensors file")
    .argument('<trial>', 'its key, or the beginning of it: the first field of its record')
    .option('--sparse', 'kernels as compressed sparse rows instead of dense tensors with zeros', false)
    .option(
      '--shrink',
      'without the filters and neurons that are removed whole or that nothing reads: the layers get narrower',
      false,
    )
    .option('--output <folder>', 'where the file goes', '.')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('export 0699d507', 'export 0699d507 --sparse --output networks', 'export 0699d507 --shrink'),
    )
    .action(async (key: string, options: ExportCommandOptions) =>
      (await import('../commands/export.ts')).exportTrial(key, options),
    );
}
