import { Command, Option } from 'commander';
import type { SpeedCommandOptions } from '../commands/speed.ts';
import { jsonOption, listOf, MOST, resultsOption, wholeNumber } from '../options/options.ts';
import { speedTables } from '../peer-job/speed-tables.ts';
import { examples } from './examples.ts';

/** `prunebench speed`: times training and evaluation. */
export function speedCommand(): Command {
  return new Command('speed')
    .description('time training steps and evaluations against PyTorch on this machine')
    .addOption(
      new Option(
        '--sparse',
        'time sparse kernels and pruned networks instead, against dense ones, PyTorch and SciPy',
      ).default(false),
    )
    .addOption(
      new Option('--hooks', 'time training steps with the hooks of extensions instead, against the plain step')
        .default(false)
        .conflicts(['sparse', 'gpu', 'backend']),
    )
    .addOption(
      new Option(
        '--trainings',
        'time trainings of methods instead (SET, RigL, sparse variational dropout), their events included, against dense ones and PyTorch',
      )
        .default(false)
        .conflicts(['sparse', 'hooks', 'gpu', 'backend', 'networks']),
    )
    .addOption(
      new Option('--gpu', "time GPU.js's modes of the sparse kernels alone, as --sparse does at its end")
        .default(false)
        .conflicts(['sparse', 'networks']),
    )
    .addOption(
      new Option('--backend <name>', 'time this backend instead, against the native one and PyTorch on CUDA').conflicts(
        ['sparse', 'gpu'],
      ),
    )
    .addOption(
      new Option(
        '--table <name>',
        `time a whole table instead, run by us and by PyTorch in turns: ${[...speedTables.keys()].join(', ')}`,
      ).conflicts(['sparse', 'hooks', 'trainings', 'gpu', 'backend', 'networks']),
    )
    .option(
      '--seeds <number>',
      'with --table: so many of its seeds, for a quick look; then nothing is written to the results folder',
      wholeNumber(MOST.seeds),
    )
    .option('--threads <list>', 'thread counts to measure', listOf(wholeNumber(MOST.threads)), [1, 2])
    .option(
      '--rounds <number>',
      'alternations with the peer; medians are over them (by default 9, of a table 3)',
      wholeNumber(MOST.rounds),
    )
    .option('--networks <list>', 'only these; then nothing is written to the results folder', listOf(String))
    .addOption(resultsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'speed',
        'speed --threads 1 --networks lenet-300-100,resnet-20',
        'speed --sparse',
        'speed --hooks',
        'speed --trainings --rounds 5',
        'speed --backend webgpu',
        'speed --table bench',
        'speed --table snip-lenets-lenet-5 --seeds 1 --rounds 1',
      ),
    )
    .action(async (options: SpeedCommandOptions) => (await import('../commands/speed.ts')).speed(options));
}
