/**
 * Disturbs the suite for as long as you like, and says where it takes harm:
 *
 *     node scripts/endurance.ts --kills 200        a run is ended at random moments of every phase (-9 the command and its workers, the
 *                                                  command alone, a worker; or in order); its records, tables and pictures must be, to
 *                                                  the bit, those of a run that nobody disturbs, without leftovers and without a stack
 *     node scripts/endurance.ts --mutations 10000  files of stages, records, tables, networks, images, published values and plugins are
 *                                                  cut, flipped and replaced; what is read must be what was written, or a clear error,
 *                                                  and reading must end; of a hundred one is read by a whole command
 *     node scripts/endurance.ts --disks 20         a run has too little disk (a small file system, for root on Linux; a limit of the
 *                                                  sizes of files); it must say so, and go on with enough of it as if nothing had been
 *
 *     --seed <number>        of the moments and the damage; by default 0
 *     --benchmark <name>     whose smoke table is run; by default the one of the runner's tests, which takes seconds
 *     --plugin <file>        where the benchmark is declared
 *     --backend <name>       by default cpu
 *
 * A fault is a line, and the exit code 1.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Subject } from './endurance/command.ts';
import { commandReader } from './endurance/command-reader.ts';
import { computedIn } from './endurance/computed.ts';
import { tryDisks } from './endurance/disks.ts';
import { runToEnd, tryKills } from './endurance/kills.ts';
import { tryMutations } from './endurance/mutations.ts';
import { readersOf } from './endurance/readers.ts';

const TINY = resolve(import.meta.dirname, '../packages/runner/test/fixtures/tiny.ts');
/** What the tiny benchmark takes on the disk, somewhat more than that: some of the disks are large enough. */
const KILOBYTES = 450;
/** Between two lines of progress. */
const INTERVAL_MS = 5000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '0' },
    mutations: { type: 'string', default: '0' },
    disks: { type: 'string', default: '0' },
    seed: { type: 'string', default: '0' },
    benchmark: { type: 'string', default: 'tiny' },
    plugin: { type: 'string', default: TINY },
    backend: { type: 'string', default: 'cpu' },
  },
});
const [kills, mutations, disks] = [count('kills'), count('mutations'), count('disks')];
const seed = count('seed');
if (kills + mutations + disks === 0)
  throw new Error('Nothing to do: give --kills <number>, --mutations <number>, --disks <number>, or several of them.');
const subject: Subject = {
  benchmark: values.benchmark,
  arguments: ['--plugin', resolve(values.plugin), '--backend', values.backend, '--workers', '2'],
};
const folder = await mkdtemp(join(tmpdir(), 'prunebench-endurance-'));
let faults = 0;
const say = atIntervals((line) => process.stderr.write(`${line}\n`));
try {
  const reference = join(folder, 'reference');
  const { phases, fault } = await runToEnd(subject, reference);
  if (fault !== undefined) throw new Error(`The run that nobody disturbs fails: ${fault}`);
  const expected = await computedIn(subject, reference);
  const times = [...phases].map(([phase, time]) => `${phase} ${(time / 1000).toFixed(1)} s`).join(', ');
  process.stderr.write(`${expected.size} records and files; ${times}; seed ${seed}\n`);
  if (mutations > 0) {
    const commands = await commandReader(subject, reference, resolve(values.plugin), seed);
    report(
      await tryMutations([...(await readersOf(reference, subject.benchmark)), commands], {
        count: mutations,
        seed,
        onProgress: (done) => say(`${done} of ${mutations} mutations`, done === mutations),
      }),
    );
  }
  if (disks > 0)
    report(
      await tryDisks(subject, {
        ...{ count: disks, seed, folder: join(folder, 'small'), expected, kilobytes: KILOBYTES },
        onProgress: (done) => say(`${done} of ${disks} disks`, done === disks),
      }),
    );
  if (kills > 0) {
    const tried = await tryKills(subject, {
      ...{ count: kills, seed, folder: join(folder, 'killed'), expected, phases },
      onProgress: (done, completed) => say(`${done} of ${kills} kills, ${completed} tables`, done === kills),
    });
    report(tried.faults);
    for (const [what, times] of tried.kills) console.log(`${times} times ${what}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`${faults} faults in ${kills} kills, ${mutations} mutations and ${disks} disks`);
if (faults > 0) process.exitCode = 1;

function report(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
  faults += lines.length;
}

function count(name: 'kills' | 'mutations' | 'disks' | 'seed'): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} must be a whole number, not ${values[name]}.`);
  return value;
}

/** Lets a line through every few seconds, and the last one. */
function atIntervals(show: (line: string) => void): (line: string, last: boolean) => void {
  let next = 0;
  return (line, last) => {
    if (!last && performance.now() < next) return;
    next = performance.now() + INTERVAL_MS;
    show(line);
  };
}
