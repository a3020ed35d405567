import { PrunebenchError } from '@prunebench/core';
import { fileSystemError } from './files.ts';
import type { ErrorMessage } from './worker/protocol.ts';

/** An error in the form that crosses processes and that the command line prints; bugs keep their stack. */
export function errorMessage(error: unknown): ErrorMessage {
  const mendable = error instanceof PrunebenchError ? error : fileSystemError(error);
  if (mendable)
    return mendable.remedy === undefined
      ? { message: mendable.message }
      : { message: mendable.message, remedy: mendable.remedy };
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? error.message };
  return { message: String(error), stack: String(error) };
}

/** The message for a disk that takes no more, wherever in the chain of causes it hides; such a run cannot go on. */
export function diskError(error: unknown): ErrorMessage | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const mendable = fileSystemError(cause);
    if (mendable) return errorMessage(mendable);
  }
  return undefined;
}

/** The error that a message stands for, on the other side. */
export function toError({ message, remedy, stack }: ErrorMessage): Error {
  if (stack === undefined) return new PrunebenchError(message, remedy === undefined ? {} : { remedy });
  return Object.assign(new Error(message), { stack });
}
