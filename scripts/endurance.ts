/**
 * Disturbs the suite for as long as you like, and says where it takes harm:
 *
 *     node scripts/endurance.ts --kills 200        a run is killed (-9) at random moments; its records must be, to the bit, those of
 *                                                  a run that nobody disturbs, without leftovers and without a stack
 *     node scripts/endurance.ts --mutations 10000  files of stages, records, networks and plugins are cut, flipped and replaced; what
 *                                                  is read must be what was written, or a clear error, and reading must end
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
import { digestsOf, runToEnd, type Subject, tryKills } from './endurance/kills.ts';
import { tryMutations } from './endurance/mutations.ts';
import { readersOf } from './endurance/readers.ts';

const TINY = resolve(import.meta.dirname, '../packages/runner/test/fixtures/tiny.ts');
/** Between two lines of progress. */
const INTERVAL_MS = 5000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '0' },
    mutations: { type: 'string', default: '0' },
    seed: { type: 'string', default: '0' },
    benchmark: { type: 'string', default: 'tiny' },
    plugin: { type: 'string', default: TINY },
    backend: { type: 'string', default: 'cpu' },
  },
});
const [kills, mutations, seed] = [count('kills'), count('mutations'), count('seed')];
if (kills + mutations === 0) throw new Error('Nothing to do: give --kills <number>, --mutations <number>, or both.');
const subject: Subject = {
  benchmark: values.benchmark,
  arguments: ['--plugin', resolve(values.plugin), '--backend', values.backend, '--workers', '2'],
};
const folder = await mkdtemp(join(tmpdir(), 'prunebench-endurance-'));
let faults = 0;
const say = atIntervals((line) => process.stderr.write(`${line}\n`));
try {
  const reference = join(folder, 'reference');
  const { duration, fault } = await runToEnd(subject, reference);
  if (fault !== undefined) throw new Error(`The run that nobody disturbs fails: ${fault}`);
  const expected = await digestsOf(subject, reference);
  process.stderr.write(`${expected.size} trials in ${Math.round(duration)} ms; seed ${seed}\n`);
  if (mutations > 0)
    report(
      await tryMutations(await readersOf(reference, subject.benchmark), {
        count: mutations,
        seed,
        onProgress: (done) => say(`${done} of ${mutations} mutations`, done === mutations),
      }),
    );
  if (kills > 0)
    report(
      await tryKills(subject, {
        ...{ count: kills, seed, folder: join(folder, 'killed'), expected, duration },
        onProgress: (done, completed) => say(`${done} of ${kills} kills, ${completed} tables`, done === kills),
      }),
    );
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`${faults} faults in ${kills} kills and ${mutations} mutations`);
if (faults > 0) process.exitCode = 1;

function report(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
  faults += lines.length;
}

function count(name: 'kills' | 'mutations' | 'seed'): number {
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
