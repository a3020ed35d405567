import { Command, Option } from 'commander';
import type { RunCommandOptions } from '../commands/run.ts';
import {
  anyResultsOption,
  backendOption,
  dryRunOption,
  jsonOption,
  keepOption,
  MOST,
  markdownOption,
  pluginOption,
  profileOption,
  quietOption,
  rerunOption,
  scaleOption,
  seedOption,
  setOption,
  wholeNumber,
  workersOption,
} from '../options/options.ts';
import { shareList } from '../question/lists.ts';
import { examples } from './examples.ts';

/** A filter on one field, with an option of its own. */
function only(field: 'series' | 'network' | 'dataset', words: string): Option {
  return new Option(`--${field} <name>`, `only trials of this ${field}: ${words}; repeatable`).argParser(
    (text: string, all: readonly string[] = []) => [...all, text],
  );
}

/** `prunebench run`: runs a benchmark. */
export function runCommand(): Command {
  return new Command('run')
    .description('run the trials of a benchmark that have no record yet, then write its table and plot')
    .argument('<benchmark>', 'its name; see ./prunebench list benchmarks')
    .addOption(scaleOption())
    .option('--seeds <number>', "how many seeds; by default the benchmark's own number", wholeNumber(MOST.seeds))
    .addOption(workersOption())
    .addOption(backendOption())
    .addOption(anyResultsOption())
    .addOption(
      new Option(
        '--filter <key=value>',
        'only trials with this network, dataset, method, series, sparsity (or units, lambda), control, seed or options.<name>; repeatable',
      )
        .argParser((text: string, filters: readonly string[]) => [...filters, text])
        .default([], 'all trials'),
    )
    .addOption(only('series', 'a row of the table, as it is called there'))
    .addOption(only('network', 'see ./prunebench list networks'))
    .addOption(only('dataset', 'see ./prunebench list datasets'))
    .addOption(setOption())
    .addOption(
      new Option(
        '--sparsity <list>',
        'these sparsities in place of the declared: 0.9, 0.9,0.95 or 0.5..0.9:0.1',
      ).argParser(shareList),
    )
    .addOption(seedOption())
    .addOption(rerunOption())
    .addOption(keepOption())
    .addOption(dryRunOption())
    .addOption(quietOption())
    .option('--no-speed', 'do not measure the speed of the pruned networks after the last trial')
    .option('--retime', 'measure the speed of networks again that were timed before', false)
    .addOption(profileOption())
    .addOption(pluginOption())
    .addOption(markdownOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Finished trials are skipped and shared stages are computed once, so the same command goes on where it was stopped.
A trial is finished when its record is of the same code and data: where a criterion, a method, a plugin, a network or a
data set has changed since, it is computed again; where the suite's own engine has, the run asks for --rerun or --keep.
Without --results, a whole table of committed code goes to results/ of this repository, which is published; the smoke
scale, --filter, --seeds, plugins and uncommitted changes go to local-results/, which git ignores.
Ctrl-C stops at the next training step; a second Ctrl-C stops at once. Nothing finished is lost either way.
SIGTERM and a closed terminal do the same. PRUNEBENCH_THREADS sets the compute threads of each worker.
After the last trial the pruned networks of the first three seeds are timed against themselves dense, one at a time;
trials whose record has no measured speed yet are made up for as long as their networks are in the results folder.
--profile splits the time of what this run computes: training steps by kind, evaluations, files, waiting, timing, the report.

A trial whose loss is not finite, or whose layers collapse, is a result: it is recorded as failed with the reason, stands
in the tables as such and in --json under "failed", and the exit code is 0. It is 1 for trials that could not be recorded,
2 for wrong usage, and 130, 143 or 129 where a signal stopped the run.

--filter, of which --series, --network and --dataset are short forms, chooses among the declared trials: they stay the benchmark's, and so does their table. --set, --sparsity and
--seed declare other trials, whose table has a name of its own (<benchmark>@<changes>) and stands in local-results/ unless
--results says where; the same published values are beside it. With both, --filter chooses among the changed trials.`,
    )
    .addHelpText(
      'after',
      examples(
        'run global-vs-layerwise --scale smoke',
        'run global-vs-layerwise --filter network=lenet-300-100 --filter sparsity=0.9 --filter sparsity=0.95',
        'run snip-lenets --series SNIP --network lenet-5-caffe',
        'run global-vs-layerwise --seeds 5 --workers 2 --backend native --results my-results',
        'run snip-lenets --set pretrain.learningRate=0.05 --sparsity 0.9,0.95 --seed 5..9',
        'run snip-lenets --scale paper --dry-run',
      ),
    )
    .action(async (name: string, options: RunCommandOptions) =>
      (await import('../commands/run.ts')).run(name, options),
    );
}
