import { readFile } from 'node:fs/promises';
import { loadRegistry } from '@prunebench/runner';
import test from 'ava';
import { differences, isQuick, type Replayed } from '../replay.ts';

const entry = (trial: string, state: string): Replayed => ({ benchmark: 'b', trial, series: 's', state });

test('other bits under the same key are a change; a new key, which a raised revision gives, is not', (t) => {
  const before = [entry('1', 'a'), entry('2', 'b'), entry('3', 'c')];
  const now = [entry('1', 'a'), entry('2', 'B'), entry('4', 'C')];
  t.deepEqual(differences(before, now), {
    changed: [entry('2', 'B')],
    added: [entry('4', 'C')],
    dropped: [entry('3', 'c')],
  });
});

test('every quick benchmark is replayed: its trials have digests', async (t) => {
  const lines = (await readFile(new URL('../replay.jsonl', import.meta.url), 'utf8')).trim().split('\n');
  const replayed = new Set(lines.map((line) => (JSON.parse(line) as Replayed).benchmark));
  const registry = await loadRegistry();
  const quick: string[] = [];
  for (const id of registry.benchmarks.keys()) if (await isQuick(id, registry)) quick.push(id);
  t.true(quick.length > 0);
  for (const id of quick) t.true(replayed.has(id), id);
});
