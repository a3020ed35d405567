#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { COMPILE_CACHE } from './compile-cache.ts';

// Half a second less for every command. Where the folder cannot be written, nothing is kept, and nothing else is different.
enableCompileCache(COMPILE_CACHE);

// `prunebench list methods | head` closes the pipe early; that is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    // The terminal is gone, of which a signal tells as well.
    if (error.code !== 'EIO') throw error;
  });

// Everything else is imported from here on, so that it comes out of the cache.
const { main } = await import('./cli.ts');
await main(process.argv);
