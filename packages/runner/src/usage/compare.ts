import { Command, Option } from 'commander';
import type { CompareOptions } from '../commands/compare.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { selecting } from '../options/selection.ts';
import { examples } from './examples.ts';

/** `prunebench compare`: holds two tables against one another. */
export function compareCommand(): Command {
  const command = new Command('compare')
    .description('compare two results folders, or the tables of two benchmarks, cell by cell with their seeds paired')
    .argument('<first>', 'a results folder, or a benchmark of the folder that --results names')
    .argument('<second>', 'what it is compared with, of the same kind')
    .addOption(
      new Option(
        '--fail-on-difference [which]',
        'exit with 1 where any seed measured something else or is in one alone (any), or where the tests separate a cell (separated)',
      )
        .choices(['any', 'separated'])
        .preset('any'),
    )
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Differences are the first minus the second, over the seeds that finished in both, with Student's 95 % interval; p is of the
paired t-test after Holm's correction over the cells of a network, from three seeds on.`,
    )
    .addHelpText(
      'after',
      examples(
        'compare results my-results --benchmark snip-lenets',
        'compare my-results other-results --scale smoke --fail-on-difference',
        'compare obd-vs-obs-monk obd-vs-obs-mnist --json',
      ),
    )
    .action(async (first: string, second: string, options: CompareOptions) =>
      (await import('../commands/compare.ts')).compare(first, second, options),
    );
  return selecting(command);
}
