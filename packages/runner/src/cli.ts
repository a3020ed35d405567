import { printableLines } from '@prunebench/core/printable';
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { printSafely } from './terminal/terminal.ts';
import { compareCommand } from './usage/compare.ts';
import { doctorCommand } from './usage/doctor.ts';
import { examples } from './usage/examples.ts';
import { exportCommand } from './usage/export.ts';
import { listCommand } from './usage/list.ts';
import { pruneCommand } from './usage/prune.ts';
import { reportCommand } from './usage/report.ts';
import { runCommand } from './usage/run.ts';
import { showCommand } from './usage/show.ts';
import { speedCommand } from './usage/speed.ts';
import { statusCommand } from './usage/status.ts';
import { timeCommand } from './usage/time.ts';
import { verifyCommand } from './usage/verify.ts';

/*
 * The whole interface: how a command is called stands in usage/, what it does in commands/, which is loaded when it is
 * called, so that help and complaints about usage come at once.
 */

/** Exit code of wrong usage: unknown command, option or argument. */
const USAGE = 2;

/**
 * Does what a command line asks for, and sets the exit code.
 *
 * @param argv as in `process.argv`
 */
export async function main(argv: readonly string[]): Promise<void> {
  printSafely();
  try {
    await createProgram().hook('preAction', endWithStarters).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    else {
      const { printError } = await import('./errors/print-error.ts');
      printError(error);
      process.exitCode = 1;
    }
  }
}

/** As if a terminal had been closed: a run stops in order, everything else ends. */
async function endWithStarters(): Promise<void> {
  const { watchStarters } = await import('./terminal/starters.ts');
  watchStarters(() => process.kill(process.pid, 'SIGHUP'));
}

/** The command line. Wrong usage throws a CommanderError instead of ending the process. */
function createProgram(): Command {
  const program = new Command('prunebench')
    .description(
      "Reproduces the tables of neural-network pruning papers and puts the published numbers beside one's own.",
    )
    .version(manifest.version)
    .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) })
    .showSuggestionAfterError()
    .showHelpAfterError('(./prunebench --help, or ./prunebench <command> --help, shows what is possible)')
    .addHelpText(
      'after',
      examples(
        'list benchmarks',
        'run global-vs-layerwise --scale smoke',
        'run global-vs-layerwise --filter network=lenet-300-100 --workers 2',
        'prune --criterion snip --sparsity 0.9,0.95',
        'report global-vs-layerwise',
        'verify',
      ),
    );
  for (const command of [
    listCommand(),
    runCommand(),
    pruneCommand(),
    statusCommand(),
    showCommand(),
    compareCommand(),
    reportCommand(),
    verifyCommand(),
    speedCommand(),
    timeCommand(),
    exportCommand(),
    doctorCommand(),
  ])
    program.addCommand(command);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride().copyInheritedSettings(program);
  return program;
}
