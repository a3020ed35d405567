/** The commands of a results folder as readers of all that lies in it. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type RandomStream, randomStream } from '@prunebench/core';
import { PATIENCE_MS, type Subject, signal, stackIn, startCommand } from './command.ts';
import { type Computed, computedIn, differencesFrom } from './computed.ts';
import { pick } from './mutate.ts';
import type { Reader } from './readers.ts';

const RESULTS = 'results';
const PLUGIN = 'plugin';

/** What is asked, and what must be right where the answer is that all is well. */
interface Question {
  readonly words: readonly string[];
  /** Whether the folder must then hold what an undisturbed run computes. */
  readonly vouches?: boolean;
}

/** A reader that gives one command after the other. Each takes seconds. */
export async function commandReader(subject: Subject, results: string, plugin: string, seed: number): Promise<Reader> {
  const expected = await computedIn(subject, results);
  const random = randomStream(seed, 'commands');
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(results, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(join(RESULTS, relative(results, path)), await readFile(path));
  }
  files.set(join(PLUGIN, 'package.json'), Buffer.from('{ "name": "own", "version": "1.0.0", "type": "module" }\n'));
  files.set(join(PLUGIN, 'plugin.js'), Buffer.from(`export { default } from ${JSON.stringify(plugin)};\n`));
  return {
    name: 'command',
    rare: true,
    files,
    read: (folder) => ask(subject, folder, expected, random),
  };
}

async function ask(
  subject: Subject,
  folder: string,
  expected: Computed,
  random: RandomStream,
): Promise<string | undefined> {
  const { benchmark } = subject;
  const { words, vouches = false } = pick(questionsOf(subject, join(folder, 'out')), random);
  const results = join(folder, RESULTS);
  const command = startCommand([...words, '--results', results, '--plugin', join(folder, PLUGIN, 'plugin.js')]);
  const name = words[0];
  if (!(await command.endsWithin(PATIENCE_MS))) {
    signal(-command.pid, 'SIGKILL');
    return `${name} did not end`;
  }
  const [printed, said] = [await command.printed, await command.said];
  const { exitCode, signalCode } = command.child;
  if (exitCode !== 0 && exitCode !== 1) return `${name}: exit code ${exitCode}, ${signalCode}: ${said}`;
  if (stackIn(said) ?? stackIn(printed)) return `${name}: a stack: ${said}`;
  if (exitCode === 1) return `${printed}${said}`.trim() === '' ? `${name} fails without a word` : undefined;
  if (!vouches) return undefined;
  const [different] = differencesFrom(expected, await computedIn({ ...subject, benchmark }, results));
  return different && `${name} says that all is well, and ${different}`;
}

function questionsOf({ benchmark, arguments: more }: Subject, output: string): readonly Question[] {
  const withoutPlugin = more.filter((word, at) => word !== '--plugin' && more[at - 1] !== '--plugin');
  const one = ['--filter', 'seed=0', '--filter', 'series=one-shot'];
  return [
    { words: ['run', benchmark, '--scale', 'smoke', '--no-speed', ...withoutPlugin], vouches: true },
    { words: ['report', benchmark], vouches: true },
    { words: ['report'], vouches: true },
    { words: ['verify'], vouches: true },
    { words: ['list', 'trials'] },
    { words: ['status'] },
    { words: ['show', ...one] },
    { words: ['export', ...one, '--output', output] },
  ];
}
