/** Kills a run again and again, and compares what it has computed in the end with what a run that nobody disturbs computes. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type RandomStream, randomStream } from '@prunebench/core';
import { type Command, PATIENCE_MS, runArguments, type Subject, signal, stackIn, startCommand } from './command.ts';
import { type Computed, computedIn, differencesFrom } from './computed.ts';
import { pick } from './mutate.ts';

const LOOK_MS = 10;
/** Share of the runs that time the pruned networks at their end. */
const TIMED = 0.3;

export interface KillOptions {
  readonly count: number;
  readonly seed: number;
  /** A folder that may be filled and emptied. */
  readonly folder: string;
  /** Of the run that nobody has disturbed. */
  readonly expected: Computed;
  /** How long it was in each phase. */
  readonly phases: Phases;
  readonly onProgress: (kills: number, completed: number) => void;
}

/** What a run says in its status file that it is at: `training`, `timing`, `tables`; `starting` also before there is one. */
type Phase = (typeof PHASES)[number];
const PHASES = ['starting', 'training', 'timing', 'tables'] as const;
export type Phases = Map<Phase, number>;

/** Who is ended, and how: everybody, the command alone, one of its workers, or the command in order. */
const WAYS = ['everybody', 'everybody', 'the command', 'a worker', 'in order'] as const;
type Way = (typeof WAYS)[number];

interface Kill {
  readonly way: Way;
  readonly phase: Phase;
}

/** Runs the subject to its end, with timing. @returns how long it was in each phase, and what went wrong */
export async function runToEnd(
  subject: Subject,
  results: string,
  timed: boolean = true,
): Promise<{ phases: Phases; fault: string | undefined }> {
  const run = startCommand(runArguments(subject, results, timed));
  const phases: Phases = new Map(PHASES.map((phase) => [phase, 0]));
  let last = performance.now();
  while (!(await run.endsWithin(LOOK_MS))) {
    const phase = await phaseOf(results, run.pid);
    phases.set(phase, phases.get(phase)! + performance.now() - last);
    last = performance.now();
  }
  return { phases, fault: await run.fault() };
}

/**
 * Kills at `count` random moments, of every phase: the command with its workers, the command alone, a worker, or the command in order.
 * A run that comes to its end before is compared, and begun anew in an empty folder; so is the last one.
 *
 * @returns a line for every difference from the run that nobody has disturbed, and how many were killed in what way
 */
export async function tryKills(
  subject: Subject,
  options: KillOptions,
): Promise<{ readonly faults: readonly string[]; readonly kills: ReadonlyMap<string, number> }> {
  const { count, seed, folder, phases, onProgress } = options;
  const random = randomStream(seed, 'kills');
  const faults: string[] = [];
  const counts = new Map<string, number>();
  let [kills, completed] = [0, 0];
  const compare = async () => {
    faults.push(...(await differences(subject, options)).map((line) => `after ${kills} kills: ${line}`));
    completed++;
    await rm(folder, { recursive: true, force: true });
  };
  await rm(folder, { recursive: true, force: true });
  while (kills < count) {
    const timed = random.uniform() < TIMED;
    const among = PHASES.filter((phase) => timed || phase !== 'timing');
    const plan = { way: pick(WAYS, random), phase: pick(among, random) };
    const delay = random.uniform() * phases.get(plan.phase)!;
    const { killed, ended, fault } = await runUntil(
      startCommand(runArguments(subject, folder, timed)),
      folder,
      plan,
      delay,
      random,
    );
    if (killed) {
      kills++;
      for (const what of [`${plan.way} ended`, `while ${killed}`]) counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    if (fault !== undefined) faults.push(`after ${kills} kills, ${plan.way} while ${plan.phase}: ${fault}`);
    if (ended) await compare();
    onProgress(kills, completed);
  }
  const { fault } = await runToEnd(subject, folder, false);
  if (fault !== undefined) faults.push(`the last run: ${fault}`);
  await compare();
  return { faults, kills: counts };
}

interface Outcome {
  /** The phase in which somebody was ended. */
  readonly killed?: Phase | undefined;
  /** Whether the run came to its end. */
  readonly ended: boolean;
  readonly fault?: string | undefined;
}

/** Waits until the phase and for some time more, and kills. */
async function runUntil(
  run: Command,
  folder: string,
  { way, phase }: Kill,
  delay: number,
  random: RandomStream,
): Promise<Outcome> {
  while (PHASES.indexOf(await phaseOf(folder, run.pid)) < PHASES.indexOf(phase))
    if (await run.endsWithin(LOOK_MS)) return { ended: true, fault: await run.fault() };
  if (await run.endsWithin(delay)) return { ended: true, fault: await run.fault() };
  const killed = await phaseOf(folder, run.pid);
  switch (way) {
    case 'everybody':
      signal(-run.pid, 'SIGKILL');
      await run.endsWithin(PATIENCE_MS);
      return { killed, ended: false, fault: stackIn(await run.said) };
    case 'the command': {
      signal(run.pid, 'SIGKILL');
      const alone = await until(() => !signal(-run.pid, 0));
      if (!alone) signal(-run.pid, 'SIGKILL');
      return { killed, ended: false, fault: alone ? stackIn(await run.said) : 'its workers go on without it' };
    }
    case 'a worker': {
      const workers = await childrenOf(run.pid);
      if (workers.length === 0) return { ended: true, fault: await run.fault() };
      signal(pick(workers, random), 'SIGKILL');
      return { killed, ended: true, fault: await run.fault() };
    }
    case 'in order': {
      signal(run.pid, 'SIGTERM');
      if (!(await run.endsWithin(PATIENCE_MS))) {
        signal(-run.pid, 'SIGKILL');
        return { killed, ended: false, fault: 'it does not end after SIGTERM' };
      }
      if (run.child.exitCode === 0) return { ended: true, fault: await run.fault() };
      const right = run.child.exitCode === 143 || run.child.signalCode === 'SIGTERM';
      const fault = right ? stackIn(await run.said) : `exit code ${run.child.exitCode}: ${await run.said}`;
      return { killed, ended: false, fault };
    }
  }
}

/** What the command says it is at; `starting` before it says anything. */
async function phaseOf(results: string, pid: number): Promise<Phase> {
  try {
    const status = JSON.parse(await readFile(join(results, '.stages/run.json'), 'utf8'));
    const phase = status.pid === pid ? PHASES.find((each) => each === status.phase) : undefined;
    return phase ?? 'starting';
  } catch {
    return 'starting';
  }
}

/** The numbers of a process's children, where the system tells. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean).map(Number);
}

async function until(condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await setTimeout(LOOK_MS);
  }
  return true;
}

async function differences(subject: Subject, { folder, expected }: KillOptions): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true });
  const leftovers = files.filter((name) => /\.tmp$|\.corrupt-\d+$|(^|\/)lock(\.claim)*$/.test(name));
  return [
    ...differencesFrom(expected, await computedIn(subject, folder)),
    ...leftovers.map((name) => `${join(folder, name)} is left over`),
  ];
}
