/** Damage as disks, people and other programs do it to a file. */
import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RandomStream } from '@prunebench/core';

/** A whole number from 0 to `count` - 1. */
export const below = (random: RandomStream, count: number): number => Math.floor(random.uniform() * count);

type Damage = (bytes: Buffer, random: RandomStream) => Buffer;

/** Where a slice of at most 64 bytes begins and ends. */
function slice(bytes: Buffer, random: RandomStream): readonly [number, number] {
  const start = below(random, bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + below(random, 64))];
}

const damages: Readonly<Record<string, Damage>> = {
  truncated: (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  'with a flipped bit'(bytes, random) {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[below(random, copy.length)] ^= 1 << below(random, 8);
    return copy;
  },
  'with another digit'(bytes, random) {
    const digits = [...bytes.keys()].filter((at) => bytes[at] >= 48 && bytes[at] <= 57);
    const copy = Buffer.from(bytes);
    if (digits.length > 0) copy[digits[below(random, digits.length)]] = 48 + below(random, 10);
    return copy;
  },
  'with noise in it'(bytes, random) {
    const copy = Buffer.from(bytes);
    const [start, end] = slice(copy, random);
    for (let at = start; at < end; at++) copy[at] = below(random, 256);
    return copy;
  },
  'with a piece cut out'(bytes, random) {
    const [start, end] = slice(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  'with a piece twice'(bytes, random) {
    const [start, end] = slice(bytes, random);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  'with a line moved to the end'(bytes, random) {
    const lines = bytes.toString('latin1').split('\n');
    const [moved] = lines.splice(below(random, lines.length), 1);
    return Buffer.from([...lines, moved].join('\n'), 'latin1');
  },
  'of zeros': (bytes) => Buffer.alloc(bytes.length),
  'with a path in place of a key'(bytes, random) {
    const paths = ['../../..', '/tmp', '..', '.stages', ''];
    const path = paths[below(random, paths.length)];
    const keys = [...bytes.toString('latin1').matchAll(/[0-9a-f]{32}/g)].map(({ index }) => index);
    if (keys.length === 0) return bytes;
    const at = keys[below(random, keys.length)];
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(path), bytes.subarray(at + 32)]);
  },
};

const replacements: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'replaced by a folder': (path) => mkdir(path),
  'replaced by a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'replaced by a device that never ends': (path) => symlink('/dev/zero', path),
  'replaced by a link that leads nowhere': (path) => symlink('nowhere', path),
  'replaced by a link to itself': (path) => symlink(basename(path), path),
  missing: async () => {},
};

/** How often something else than a file is put in its place. */
const REPLACED = 0.1;

/**
 * Damages the file at `path`.
 *
 * @param content what it should hold; a damage may leave it as it is
 * @returns what was done
 */
export async function damageFile(path: string, content: Buffer, random: RandomStream): Promise<string> {
  await rm(path, { recursive: true, force: true });
  if (random.uniform() < REPLACED && process.platform !== 'win32') {
    const [what, replace] = pick(Object.entries(replacements), random);
    await replace(path);
    return what;
  }
  const [what, damage] = pick(Object.entries(damages), random);
  await writeFile(path, damage(content, random));
  return what;
}

/** One of them. */
export function pick<T>(of: readonly T[], random: RandomStream): T {
  return of[below(random, of.length)];
}
