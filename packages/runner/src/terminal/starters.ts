import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isStillThere, type ProcessMark, parentOf, processMark } from '@prunebench/files';

/** Between two looks. */
const INTERVAL_MS = 1000;
const PACKAGE_MANAGERS = ['npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'bun', 'corepack'];
const SHELLS = ['sh', 'ash', 'bash', 'dash', 'fish', 'ksh', 'zsh'];

/**
 * Calls `onGone` once what started this command is gone: the package manager of `npx pnpm prunebench ...` with the processes between,
 * none of which hands a SIGTERM down, or the program that calls the command. Not a shell: whoever leaves one may want a
 * command in its background to go on.
 */
export function watchStarters(onGone: () => void): void {
  const starters = startersOf(process.pid);
  if (starters.length === 0) return;
  const timer = setInterval(() => {
    if (starters.every(isStillThere)) return;
    clearInterval(timer);
    onGone();
  }, INTERVAL_MS);
  timer.unref();
}

/** The processes that a command lives and dies with, its parent first. */
function startersOf(pid: number): readonly ProcessMark[] {
  const above = ancestorsOf(pid);
  const commands = above.map(commandOf);
  const other = commands.findIndex((command) => !isPackageManager(command) && !runsShellCommands(command));
  const last = commands.slice(0, other < 0 ? undefined : other).findLastIndex(isPackageManager);
  const count = last < 0 ? Number(above.length > 0 && !isShell(commands[0]!)) : last + 1;
  return above.slice(0, count).map(processMark);
}

/** Up to, and without, the first process of the machine or container. */
function ancestorsOf(pid: number): readonly number[] {
  const parent = parentOf(pid) ?? (pid === process.pid ? process.ppid : undefined);
  return parent === undefined || parent <= 1 ? [] : [parent, ...ancestorsOf(parent)];
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** By the program or the script that an interpreter runs; npm gives itself the title "npm exec ...". */
function isPackageManager(command: readonly string[]): boolean {
  if (command[1] === '-c') return false;
  const names = command.slice(0, 3).map((word) => basename(word).replace(/\.[cm]?js$/, ''));
  return names.some((name) => PACKAGE_MANAGERS.includes(name)) || /^npm /.test(command[0] ?? '');
}

/** A shell that stands between package managers: one line, or a script such as the one behind the name "node". */
function runsShellCommands(command: readonly string[]): boolean {
  return SHELLS.includes(basename(command[0] ?? '')) && command.filter((word) => word !== '').length > 1;
}

/** A shell that somebody types into, or that runs a script; not one that was started for a single line. */
function isShell(command: readonly string[]): boolean {
  return SHELLS.includes(basename(command[0] ?? '').replace(/^-/, '')) && command[1] !== '-c';
}
