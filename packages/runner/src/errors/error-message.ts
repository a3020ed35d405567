import { PrunebenchError } from '@prunebench/core';
import { diskError, systemError } from '@prunebench/files';
import type { ErrorMessage } from '../worker/protocol.ts';

/** An error in the form that crosses processes and that the command line prints; bugs keep their stack. */
export function errorMessage(error: unknown): ErrorMessage {
  const mendable = diskError(error) ?? (error instanceof PrunebenchError ? error : deniedAccess(error));
  if (mendable)
    return mendable.remedy === undefined
      ? { message: mendable.message }
      : { message: mendable.message, remedy: mendable.remedy };
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? error.message };
  return { message: String(error), stack: String(error) };
}

/** A file system's refusal that nobody foresaw. What is missing is left out: that the suite looked for it may be a bug. */
function deniedAccess(error: unknown): PrunebenchError | undefined {
  const found = systemError(error);
  return found?.code === 'ENOENT' ? undefined : found;
}

/** The error that a message stands for, on the other side. */
export function toError({ message, remedy, stack }: ErrorMessage): Error {
  if (stack === undefined) return new PrunebenchError(message, remedy === undefined ? {} : { remedy });
  return Object.assign(new Error(message), { stack });
}
