import { PrunebenchError } from '@prunebench/core';
import { diskError } from './files.ts';
import type { ErrorMessage } from './worker/protocol.ts';

/** An error in the form that crosses processes and that the command line prints; bugs keep their stack. */
export function errorMessage(error: unknown): ErrorMessage {
  const mendable = diskError(error) ?? (error instanceof PrunebenchError ? error : undefined);
  if (mendable)
    return mendable.remedy === undefined
      ? { message: mendable.message }
      : { message: mendable.message, remedy: mendable.remedy };
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? error.message };
  return { message: String(error), stack: String(error) };
}

/** The error that a message stands for, on the other side. */
export function toError({ message, remedy, stack }: ErrorMessage): Error {
  if (stack === undefined) return new PrunebenchError(message, remedy === undefined ? {} : { remedy });
  return Object.assign(new Error(message), { stack });
}
