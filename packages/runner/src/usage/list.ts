import { Argument, Command } from 'commander';
import type { ListTrialsOptions } from '../commands/list-trials.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { selecting } from '../options/selection.ts';
import { examples } from './examples.ts';

/** `prunebench list`: shows what can be named. */
export function listCommand(): Command {
  const lists = [
    'criteria',
    'methods',
    'extensions',
    'networks',
    'models',
    'datasets',
    'benchmarks',
    'backends',
    'trials',
  ];
  return (
    new Command('list')
      .description('show what can be named on the command line and in benchmarks, and the trials that there are')
      .addArgument(new Argument('<what>', 'what to list').choices(lists))
      .addOption(pluginOption())
      .addOption(jsonOption())
      .addHelpText(
        'after',
        '\nWith --json, criteria and methods carry the JSON schema of their options, with defaults. Models are networks.',
      )
      .addHelpText('after', examples('list methods', 'list backends', 'list criteria --json', 'list trials --help'))
      // What stands behind "trials" is its own: both have --json.
      .enablePositionalOptions()
      .addCommand(trialsCommand())
      .action(async (what: string, options: { plugin: string[]; json: boolean }) =>
        (await import('../commands/list.ts')).list(what, options),
      )
  );
}

/** `prunebench list trials`: shows the trials of a results folder. */
function trialsCommand(): Command {
  const command = new Command('trials')
    .description('show the trials of a results folder: key, series, what they are, what has become of them, accuracy')
    .argument('[benchmark]', 'only its trials, those without a record included; by default of all that have records')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'list trials snip-lenets',
        'list trials snip-lenets --series SNIP --sparsity 0.95',
        'list trials global-vs-layerwise --scale smoke --results my-results --json',
      ),
    )
    .action(async (name: string | undefined, _: unknown, trials: Command) =>
      (await import('../commands/list-trials.ts')).listTrials(name, trials.optsWithGlobals<ListTrialsOptions>()),
    );
  return selecting(command);
}
