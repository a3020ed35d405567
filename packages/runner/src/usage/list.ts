import { Argument, Command } from 'commander';
import { jsonOption, pluginOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench list`: shows what can be named. */
export function listCommand(): Command {
  const lists = ['criteria', 'methods', 'networks', 'models', 'datasets', 'benchmarks', 'backends'];
  return new Command('list')
    .description('show what can be named on the command line and in benchmarks')
    .addArgument(new Argument('<what>', 'what to list').choices(lists))
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nWith --json, criteria and methods carry the JSON schema of their options, with defaults. Models are networks.',
    )
    .addHelpText('after', examples('list methods', 'list backends', 'list criteria --json'))
    .action(async (what: string, options: { plugin: string[]; json: boolean }) =>
      (await import('../commands/list.ts')).list(what, options),
    );
}
