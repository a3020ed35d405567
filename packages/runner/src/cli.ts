import { Command } from 'commander';
import { doctorCommand } from './commands/doctor.ts';
import { listCommand } from './commands/list.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { verifyCommand } from './commands/verify.ts';
import { versions } from './provenance.ts';

/** The command line. Commander reports wrong usage by throwing instead of exiting. */
export function createProgram(): Command {
  const program = new Command('prunebench')
    .description(
      "Reproduces the tables of neural-network pruning papers and puts the published numbers beside one's own.",
    )
    .version(versions().prunebench)
    .showSuggestionAfterError()
    .showHelpAfterError('(prunebench --help, or prunebench <command> --help, shows what is possible)')
    .addHelpText(
      'after',
      `
Examples:
  prunebench list benchmarks
  prunebench run global-vs-layerwise --scale smoke
  prunebench run global-vs-layerwise --filter network=lenet-300-100 --workers 2
  prunebench report global-vs-layerwise
  prunebench verify`,
    );
  for (const command of [listCommand(), runCommand(), reportCommand(), verifyCommand(), doctorCommand()])
    program.addCommand(command);
  for (const command of [program, ...program.commands]) command.exitOverride().copyInheritedSettings(program);
  return program;
}
