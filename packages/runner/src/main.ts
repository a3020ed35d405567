#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { CommanderError } from 'commander';
import { COMPILE_CACHE } from './compile-cache.ts';
import { watchStarters } from './terminal/starters.ts';
import { printSafely } from './terminal/terminal.ts';

// Half a second less for every command. Where the folder cannot be written, nothing is kept, and nothing else is different.
enableCompileCache(COMPILE_CACHE);

// `prunebench list methods | head` closes the pipe early; that is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    // The terminal is gone, of which a signal tells as well.
    if (error.code !== 'EIO') throw error;
  });

// As if a terminal had been closed: a run stops in order, everything else ends.
watchStarters(() => process.kill(process.pid, 'SIGHUP'));
printSafely();

/** Wrong usage: unknown command, option or argument. */
const USAGE = 2;

try {
  const { createProgram } = await import('./cli.ts');
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    const { printError } = await import('./errors/print-error.ts');
    printError(error);
    process.exitCode = 1;
  }
}
