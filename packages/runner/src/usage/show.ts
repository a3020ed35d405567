import { Command } from 'commander';
import type { ShowOptions } from '../commands/show.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { selecting } from '../options/selection.ts';
import { examples } from './examples.ts';

/** `prunebench show`: everything about one trial. */
export function showCommand(): Command {
  const command = new Command('show')
    .description('show one trial: accuracies, what is left of each layer, its training curve, protocol and provenance')
    .argument(
      '[trial]',
      'its key, or the beginning of it, as ./prunebench list trials shows it; or select it by the options',
    )
    .option('--svg <file>', 'write the curve and the layers as a picture too')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Curves are kept with the stages of a run, in the results folder's .stages; published results have none, and the command
that computes the trial again is said in their place.`,
    )
    .addHelpText(
      'after',
      examples(
        'show e2a77cf2',
        'show --series SNIP --network lenet-300-100 --sparsity 0.95 --seed 1',
        'show --results my-results --benchmark tickets-mnist --seed 0 --svg trial.svg',
      ),
    )
    .action(async (key: string | undefined, options: ShowOptions) =>
      (await import('../commands/show.ts')).show(key, options),
    );
  return selecting(command);
}
