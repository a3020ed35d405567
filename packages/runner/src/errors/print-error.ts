import { printable, printableLines } from '@prunebench/core';
import colors from 'picocolors';
import { errorMessage } from './error-message.ts';

/** Prints an error: message and remedy where a user can mend it, else the stack with the request to report it. */
export function printError(error: unknown): void {
  const { message, remedy, stack } = errorMessage(error);
  if (stack === undefined) {
    process.stderr.write(`${colors.red('error:')} ${printable(message)}\n`);
    if (remedy) process.stderr.write(`${printable(remedy)}\n`);
  } else {
    process.stderr.write(
      `${printableLines(stack)}\n\nThis is a bug in Prunebench. Please report it with the lines above.\n`,
    );
  }
}
