import { Command } from 'commander';
import type { ReportCommandOptions } from '../commands/report.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench report`: writes tables and plots. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write tables, plots and the leaderboard again from the records')
    .argument('[benchmark]', 'only this one; by default every benchmark that has records')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('report', 'report global-vs-layerwise --results my-results'))
    .action(async (name: string | undefined, options: ReportCommandOptions) =>
      (await import('../commands/report.ts')).report(name, options),
    );
}
