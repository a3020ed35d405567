import { Command } from 'commander';
import type { StatusOptions } from '../commands/status.ts';
import { anyResultsOption, jsonOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench status`: says what a run does. */
export function statusCommand(): Command {
  return new Command('status')
    .description('say what runs in a results folder, how far it is and how long it still takes; from any terminal')
    .addOption(anyResultsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nIt only reads. Without --results it looks into results/ and local-results/, and --json gives a list. With --json, state is running, idle, died (a run was killed) or busy (another command holds the lock).',
    )
    .addHelpText('after', examples('status', 'status --results my-results --json', 'report --results my-results'))
    .action(async (options: StatusOptions) => (await import('../commands/status.ts')).status(options));
}
