import { printableLines, scales } from '@prunebench/core';
import { Argument, Command, Option } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';
import type { ExportCommandOptions } from './commands/export.ts';
import type { ReportCommandOptions } from './commands/report.ts';
import type { RunCommandOptions } from './commands/run.ts';
import type { SpeedCommandOptions } from './commands/speed.ts';
import type { TimeCommandOptions } from './commands/time.ts';
import type { VerifyOptions } from './commands/verify.ts';
import { backendOption, jsonOption, listOf, pluginOption, positiveInteger, resultsOption } from './options/options.ts';
import { versions } from './provenance.ts';

/*
 * The whole interface. What a command does is loaded when it is called, so that help and complaints about usage come at once.
 */

const examples = (...commands: string[]) =>
  `\nExamples:\n${commands.map((command) => `  prunebench ${command}`).join('\n')}`;

/** The command line. Wrong usage throws a CommanderError instead of ending the process. */
export function createProgram(): Command {
  const program = new Command('prunebench')
    .description(
      "Reproduces the tables of neural-network pruning papers and puts the published numbers beside one's own.",
    )
    .version(versions().prunebench)
    .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) })
    .showSuggestionAfterError()
    .showHelpAfterError('(prunebench --help, or prunebench <command> --help, shows what is possible)')
    .addHelpText(
      'after',
      examples(
        'list benchmarks',
        'run global-vs-layerwise --scale smoke',
        'run global-vs-layerwise --filter network=lenet-300-100 --workers 2',
        'report global-vs-layerwise',
        'verify',
      ),
    );
  for (const command of [
    listCommand(),
    runCommand(),
    reportCommand(),
    verifyCommand(),
    speedCommand(),
    timeCommand(),
    exportCommand(),
    doctorCommand(),
  ])
    program.addCommand(command);
  for (const command of [program, ...program.commands]) command.exitOverride().copyInheritedSettings(program);
  return program;
}

function listCommand(): Command {
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
      (await import('./commands/list.ts')).list(what, options),
    );
}

function runCommand(): Command {
  return new Command('run')
    .description('run the trials of a benchmark that have no record yet, then write its table and plot')
    .argument('<benchmark>', 'its name; see prunebench list benchmarks')
    .addOption(
      new Option('--scale <name>', 'smoke: seconds; cpu: minutes to hours; paper: the full protocol')
        .choices(scales)
        .default('cpu'),
    )
    .option('--seeds <number>', "how many seeds; by default the benchmark's own number", positiveInteger)
    .option(
      '--workers <number>',
      'processes that share the trials; by default as many as the cores have room for',
      positiveInteger,
    )
    .addOption(backendOption())
    .addOption(resultsOption())
    .addOption(
      new Option(
        '--filter <key=value>',
        'only trials with this network, dataset, method, series, sparsity (or units, lambda), control, seed or options.<name>; repeatable',
      )
        .argParser((text: string, filters: readonly string[]) => [...filters, text])
        .default([], 'all trials'),
    )
    .addOption(
      new Option('--rerun', 'compute finished trials again, from their first step, whatever computed their records')
        .default(false)
        .conflicts('keep'),
    )
    .addOption(
      new Option(
        '--keep',
        'keep records that another version of the suite computed, and compute only what is missing',
      ).default(false),
    )
    .option('--no-speed', 'do not measure the speed of the pruned networks after the last trial')
    .option('--retime', 'measure the speed of networks again that were timed before', false)
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Finished trials are skipped and shared stages are computed once, so the same command goes on where it was stopped.
A trial is finished when its record is of the same code and data: where a criterion, a method, a plugin, a network or a
data set has changed since, it is computed again; where the suite's own engine has, the run asks for --rerun or --keep.
Ctrl-C stops at the next training step; a second Ctrl-C stops at once. Nothing finished is lost either way.
SIGTERM and a closed terminal do the same. PRUNEBENCH_THREADS sets the compute threads of each worker.
After the last trial the pruned networks of the first three seeds are timed against themselves dense, one at a time;
trials whose record has no measured speed yet are made up for as long as their networks are in the results folder.`,
    )
    .addHelpText(
      'after',
      examples(
        'run global-vs-layerwise --scale smoke',
        'run global-vs-layerwise --filter network=lenet-300-100 --filter sparsity=0.9 --filter sparsity=0.95',
        'run global-vs-layerwise --seeds 5 --workers 2 --backend native --results my-results',
      ),
    )
    .action(async (name: string, options: RunCommandOptions) => (await import('./commands/run.ts')).run(name, options));
}

function reportCommand(): Command {
  return new Command('report')
    .description('write tables, plots and the leaderboard again from the records')
    .argument('[benchmark]', 'only this one; by default every benchmark that has records')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('report', 'report global-vs-layerwise --results my-results'))
    .action(async (name: string | undefined, options: ReportCommandOptions) =>
      (await import('./commands/report.ts')).report(name, options),
    );
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('recompute every published table from the records and fail on any difference')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('verify', 'verify --json'))
    .action(async (options: VerifyOptions) => (await import('./commands/verify.ts')).verify(options));
}

function speedCommand(): Command {
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
    .option('--threads <list>', 'thread counts to measure', listOf(positiveInteger), [1, 2])
    .option('--rounds <number>', 'alternations with the peer; medians are over them', positiveInteger, 9)
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
      ),
    )
    .action(async (options: SpeedCommandOptions) => (await import('./commands/speed.ts')).speed(options));
}

function timeCommand(): Command {
  return new Command('time')
    .description("time a finished trial's network on sparse kernels against itself dense")
    .argument('<trial>', 'its key, or the beginning of it: the first field of its record')
    .option('--batch <list>', 'batch sizes to measure', listOf(positiveInteger), [1, 128])
    .option('--rounds <number>', 'alternations of the two; medians are over them', positiveInteger, 15)
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('time 0699d507', 'time 0699d507 --batch 128 --json'))
    .action(async (key: string, options: TimeCommandOptions) =>
      (await import('./commands/time.ts')).time(key, options),
    );
}

function exportCommand(): Command {
  return new Command('export')
    .description("write a finished trial's network as a safetensors file")
    .argument('<trial>', 'its key, or the beginning of it: the first field of its record')
    .option('--sparse', 'kernels as compressed sparse rows instead of dense tensors with zeros', false)
    .option(
      '--shrink',
      'without the filters and neurons that are removed whole or that nothing reads: the layers get narrower',
      false,
    )
    .option('--output <folder>', 'where the file goes', '.')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('export 0699d507', 'export 0699d507 --sparse --output networks', 'export 0699d507 --shrink'),
    )
    .action(async (key: string, options: ExportCommandOptions) =>
      (await import('./commands/export.ts')).exportTrial(key, options),
    );
}

function doctorCommand(): Command {
  return new Command('doctor')
    .description('check everything that a run needs: Node.js, backend, datasets, disk, memory, results folder')
    .addOption(backendOption())
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('doctor', 'doctor --backend native'))
    .action(async (options: DoctorOptions) => (await import('./commands/doctor.ts')).doctor(options));
}
