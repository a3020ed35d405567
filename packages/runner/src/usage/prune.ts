import { Command, Option } from 'commander';
import type { PruneCommandOptions } from '../commands/prune.ts';
import { MOST_MEASURED } from '../latency/search.ts';
import {
  backendOption,
  dryRunOption,
  jsonOption,
  keepOption,
  listOf,
  MOST,
  markdownOption,
  pluginOption,
  profileOption,
  quietOption,
  rerunOption,
  scaleOption,
  scratchOption,
  seedOption,
  setOption,
  wholeNumber,
  workersOption,
} from '../options/options.ts';
import { costTarget, shareList, strengthList } from '../question/lists.ts';
import { examples } from './examples.ts';

/** `prunebench prune`: a question of one's own. */
export function pruneCommand(): Command {
  const command = new Command('prune').description(
    'train, prune and evaluate a network, and print how much accuracy is left: a question without a file',
  );
  for (const option of [...subjectOptions(), ...targetOptions(), ...howOptions(), ...runOptions()])
    command.addOption(option);
  return command
    .addHelpText(
      'after',
      `
Without options it prunes LeNet-300-100 on MNIST by magnitude. The trainings before and after pruning are those of a
benchmark that prunes this network on these data (--like says which), so the answer can be held against its table. What
prunes at initialization (SNIP, GraSP, SynFlow ...) gets both trainings after pruning; the dense network beside it, too.
The same command goes on where it was stopped, and more sparsities or seeds are added to the same table.
A trial whose loss is not finite or whose layers collapse is a result, recorded as failed: the exit code is 0, and 1 only
where a trial could not be recorded.
--target latency prunes the first seed at up to ${MOST_MEASURED} sparsities and times it; what it finds is kept, and all seeds get it.`,
    )
    .addHelpText(
      'after',
      examples(
        'prune --criterion snip --sparsity 0.9,0.95 --set retrain.epochs=2',
        'prune --criterion magnitude,snip,random --sparsity 0.5..0.9:0.1 --scope layerwise --allocation erk',
        'prune --network lenet-5-caffe --exclude first,last --target multiply-adds=0.25',
        'prune --network lenet-5-caffe --criterion filter-norm --target latency=0.5 --batch 128',
        'prune --method lottery-ticket --scale smoke --seeds 1',
        'prune --criterion mine --plugin ./mine.ts --scale smoke --dry-run',
      ),
    )
    .action(async (options: PruneCommandOptions) => (await import('../commands/prune.ts')).prune(options));
}

function subjectOptions(): Option[] {
  return [
    new Option('--dataset <id>', 'see ./prunebench list datasets').default('mnist'),
    new Option('--network <id>', 'see ./prunebench list networks').default('lenet-300-100'),
    new Option(
      '--criterion <list>',
      'what weights are ranked by; see ./prunebench list criteria; magnitude by default',
    ).argParser(listOf(String)),
    new Option('--method <list>', 'whole procedures; see ./prunebench list methods').argParser(listOf(String)),
  ];
}

function targetOptions(): Option[] {
  const others = (own: string) => ['sparsity', 'units', 'lambda', 'target'].filter((name) => name !== own);
  return [
    new Option('--sparsity <list>', 'shares of the weights to remove: 0.9, 0.9,0.95 or 0.5..0.9:0.1; 0.9 by default')
      .argParser(shareList)
      .conflicts(others('sparsity')),
    new Option('--units <list>', 'shares of the neurons and filters to remove, in place of weights')
      .argParser(shareList)
      .conflicts(others('units')),
    new Option(
      '--target <cost=share>',
      'multiply-adds=0.25: as many weights as leave this share of the multiply-adds; latency=0.5: the lowest sparsity at which the compiled network takes this share of the time of the dense one, searched for on this machine',
    )
      .argParser(costTarget)
      .conflicts(others('target')),
    new Option('--batch <number>', 'images of a batch, at which --target latency is measured; 1 by default').argParser(
      wholeNumber(MOST.batch),
    ),
    new Option('--lambda <list>', 'strengths, for methods whose sparsity is an outcome of a penalty')
      .argParser(strengthList)
      .conflicts(others('lambda')),
  ];
}

function howOptions(): Option[] {
  return [
    new Option('--scope <scope>', 'where scores compete: over all layers, or in each for its own share').choices([
      'global',
      'layerwise',
    ]),
    new Option('--allocation <name>', 'the shares of the layers, with --scope layerwise').choices(['uniform', 'erk']),
    new Option('--granularity <name>', 'what is removed: single weights, or whole neurons and filters').choices([
      'weight',
      'unit',
    ]),
    new Option('--schedule <kind>', "in how many rounds; by default the paper's").choices([
      'one-shot',
      'iterative',
      'cubic',
      'exponential',
    ]),
    new Option('--exclude <list>', 'layers that lose nothing: first, last and names').argParser(listOf(String)),
    new Option('--like <benchmark>', 'train as this benchmark does; by default the first by name that can be followed'),
    setOption(),
  ];
}

function runOptions(): Option[] {
  return [
    scaleOption(),
    new Option('--seeds <number>', 'how many seeds').argParser(wholeNumber(MOST.seeds)).default(3),
    seedOption(),
    workersOption(),
    backendOption(),
    scratchOption(),
    rerunOption(),
    keepOption(),
    new Option('--speed', 'measure the speed of the pruned networks after the last trial').default(false),
    dryRunOption(),
    quietOption(),
    profileOption(),
    pluginOption(),
    markdownOption(),
    jsonOption(),
  ];
}
