import { Command } from 'commander';
import type { TimeCommandOptions } from '../commands/time.ts';
import {
  jsonOption,
  listOf,
  MOST,
  markdownOption,
  pluginOption,
  resultsOption,
  wholeNumber,
} from '../options/options.ts';
import { selecting } from '../options/selection.ts';
import { examples } from './examples.ts';

/** `prunebench time`: times one network on sparse kernels. */
export function timeCommand(): Command {
  const command = new Command('time')
    .description("time a finished trial's network on sparse kernels against itself dense")
    .argument(
      '[trial]',
      'its key, or the beginning of it, as ./prunebench list trials shows it; or select it by the options',
    )
    .option('--batch <list>', 'batch sizes to measure', listOf(wholeNumber(MOST.batch)), [1, 128])
    .option('--rounds <number>', 'alternations of the two; medians are over them', wholeNumber(MOST.rounds), 15)
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(markdownOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'time 0699d507',
        'time 0699d507 --batch 128 --json',
        'time --series SNIP --network lenet-5-caffe --sparsity 0.98 --seed 1',
      ),
    )
    .action(async (key: string | undefined, options: TimeCommandOptions) =>
      (await import('../commands/time.ts')).time(key, options),
    );
  return selecting(command);
}
