import { Command } from 'commander';
import type { ExportCommandOptions } from '../commands/export.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { selecting } from '../options/selection.ts';
import { examples } from './examples.ts';

/** `prunebench export`: writes a network. */
export function exportCommand(): Command {
  const command = new Command('export')
    .description("write a finished trial's network as a safetensors file")
    .argument(
      '[trial]',
      'its key, or the beginning of it, as ./prunebench list trials shows it; or select it by the options',
    )
    .option('--sparse', 'kernels as compressed sparse rows instead of dense tensors with zeros', false)
    .option(
      '--shrink',
      'without the filters and neurons that are removed whole or that nothing reads: the layers get narrower',
      false,
    )
    .option('--pytorch', 'as a state_dict of PyTorch, with a Python file of the module that it belongs to', false)
    .option('--output <folder>', 'where the file goes', '.')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'export 0699d507',
        'export 0699d507 --sparse --output networks',
        'export 0699d507 --shrink',
        'export 0699d507 --shrink --pytorch',
        'export --series SNIP --network lenet-5-caffe --sparsity 0.98 --seed 1',
      ),
    )
    .action(async (key: string | undefined, options: ExportCommandOptions) =>
      (await import('../commands/export.ts')).exportTrial(key, options),
    );
  return selecting(command);
}
