import { readFileSync } from 'node:fs';
import { codeOf } from '@prunebench/core';

/** A process, told apart from a later one that has the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Identifies the start of the machine; absent where the system does not tell. */
  readonly boot?: string;
  /** When the process began, in the system's own unit; absent where the system does not tell. */
  readonly start?: string;
}

interface Status {
  readonly zombie: boolean;
  readonly parent: number;
  /** Clock ticks from the machine's start to the process's. */
  readonly start: string;
}

const BOOT = '/proc/sys/kernel/random/boot_id';
/** Field numbers of /proc/<pid>/stat behind the name in parentheses, which may itself hold spaces and parentheses. */
const STATE = 0;
const PARENT = 1;
const START = 19;

/** The mark of a running process. */
export function processMark(pid: number): ProcessMark {
  const boot = readProc(BOOT)?.trim();
  // Elsewhere than on Linux a process still knows itself.
  const start = statusOf(pid)?.start ?? (pid === process.pid ? String(performance.timeOrigin) : undefined);
  return { pid, ...(boot === undefined ? {} : { boot }), ...(start === undefined ? {} : { start }) };
}

/** Whether the process still runs: not one that got its number later, nor one that has ended and that nobody has asked after. */
export function isStillThere({ pid, boot, start }: ProcessMark): boolean {
  if (!isRunning(pid)) return false;
  if (statusOf(pid)?.zombie) return false;
  const now = processMark(pid);
  if (boot !== undefined && now.boot !== undefined && boot !== now.boot) return false;
  // A mark without a start is of an earlier version, which this process is not.
  if (start === undefined) return pid !== process.pid;
  return now.start === undefined || now.start === start;
}

/** The number of a process's parent; undefined where the system does not tell. */
export function parentOf(pid: number): number | undefined {
  return statusOf(pid)?.parent;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function statusOf(pid: number): Status | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (!fields || fields.length <= START) return undefined;
  return { zombie: 'ZX'.includes(fields[STATE]!), parent: Number(fields[PARENT]), start: fields[START]! };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
