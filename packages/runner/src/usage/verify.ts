import { Command } from 'commander';
import type { VerifyOptions } from '../commands/verify.ts';
import { jsonOption, pluginOption, resultsOption } from '../options/options.ts';
import { examples } from './examples.ts';

/** `prunebench verify`: recomputes every published table. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('recompute every published table from the records and fail on any difference')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('verify', 'verify --json'))
    .action(async (options: VerifyOptions) => (await import('../commands/verify.ts')).verify(options));
}
