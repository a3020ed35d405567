import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { existsUpwards } from '@prunebench/files';
import { z } from 'zod';
import { host } from '../provenance.ts';
import { repositoryRoot } from '../repository.ts';
import { MEMORY_PER_WORKER } from '../worker/share-cores.ts';
import type { Finding } from './check.ts';

const GIGABYTE = 2 ** 30;
/** All stages of the largest table at the `cpu` scale. */
const ROOM = 5 * GIGABYTE;

const manifest = z.object({ dependencies: z.object({ node: z.string() }) });

/** The running Node.js against the one that the repository pins. */
export async function checkNode(): Promise<Finding> {
  const { dependencies } = manifest.parse(JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8')));
  const pinned = `v${dependencies.node}`;
  const found = { subject: 'Node.js', detail: process.version };
  if (process.version === pinned) return { status: 'ok', ...found };
  return {
    status: 'warn',
    subject: found.subject,
    detail: `${process.version}, while the repository pins ${pinned}`,
    remedy: 'Install the pinned one (npx -y pnpm@10.34.8 install), which ./prunebench starts by itself.',
  };
}

export function checkProcessor(): Finding {
  const { cpu, cores } = host();
  return { status: 'ok', subject: 'processor', detail: `${cpu}, ${cores} cores, ${availableParallelism()} usable` };
}

export function checkMemory(): Finding {
  const found = {
    subject: 'memory',
    detail: `${gigabytes(freemem())} of ${gigabytes(totalmem())} free`,
  };
  if (freemem() >= MEMORY_PER_WORKER * availableParallelism()) return { status: 'ok', ...found };
  const workers = Math.max(1, Math.floor(freemem() / MEMORY_PER_WORKER));
  return {
    status: 'warn',
    ...found,
    remedy: `Use --workers ${workers}: a worker may take ${gigabytes(MEMORY_PER_WORKER)}.`,
  };
}

/** Room on the disk that holds, or will hold, the results folder. */
export async function checkDisk(results: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await existsUpwards(results));
  const free = bavail * bsize;
  const found = { subject: 'disk space', detail: `${gigabytes(free)} free for ${results}` };
  if (free >= ROOM) return { status: 'ok', ...found };
  return {
    status: 'warn',
    ...found,
    remedy: `Large tables need up to ${gigabytes(ROOM)}; choose another --results folder.`,
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / GIGABYTE).toFixed(1)} GB`;
}
