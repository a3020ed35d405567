import { Command } from 'commander';
import type { ReportCommandOptions } from '../commands/report.ts';
import { jsonOption, markdownOption, pluginOption, resultsOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench report`: writes tables and plots. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write tables, plots and the leaderboard again from the records')
    .argument('[benchmark]', 'only this one; by default every benchmark that has records')
    .option('--output <folder>', 'write them there, and nothing into the results folder')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(markdownOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
While a run goes on in the results folder its tables are shown as far as they are, and nothing is written;
with --output they are written elsewhere, with plots.
Tables are drawn for the terminal: the best bold (an asterisk behind it where there are no colours), columns that do not
fit in a block below. --markdown prints them as Markdown.`,
    )
    .addHelpText(
      'after',
      examples(
        'report',
        'report global-vs-layerwise --results local-results',
        'report global-vs-layerwise --results local-results --output interim',
      ),
    )
    .action(async (name: string | undefined, options: ReportCommandOptions) =>
      (await import('../commands/report.ts')).report(name, options),
    );
}
