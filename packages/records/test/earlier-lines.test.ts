/** Lines that were published before records said as much of a trial as they do today. */
import { readFile } from 'node:fs/promises';
import type { Measured, TrialRecord } from '@prunebench/core';
import test from 'ava';
import { foldTable, loadRecords, publishedFiles } from '../src/index.ts';
import { elsewhere, madeUp, names, results } from './records.ts';

const besides: Partial<Measured> = {
  architecture: [
    { name: 'fc/kernel', kind: 'dense', inputs: { total: 5, remaining: 4 }, units: { total: 2, remaining: 1 } },
  ],
  evaluations: 7,
  metrics: { fitness: { value: 0.5, unit: 'ratio' } },
};

/** The same trial, run again by a program that says more, or other things, of it. */
function again(record: TrialRecord, more: Partial<Measured>): TrialRecord {
  const { measured, ...rest } = elsewhere(record);
  return { ...rest, measured: measured && { ...measured, ...more } };
}

async function published(records: readonly TrialRecord[]) {
  const folder = await results();
  const write = async (next: readonly TrialRecord[]) => {
    await folder.write(next);
    await foldTable(folder.table);
  };
  await write(records);
  return {
    root: folder.root,
    write,
    text: () => readFile(publishedFiles(folder.table).measured, 'utf8'),
    measured: async () => (await loadRecords(folder.root)).records.map(({ measured }) => measured),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const earlier = names(3).map((key) => madeUp(key));

test('a rerun that says more of the same measurements leaves the line as it is, with its digest', async (t) => {
  await using folder = await published(earlier);
  const before = await folder.text();
  await folder.write(earlier.map((record) => again(record, besides)));
  t.is(await folder.text(), before);
  for (const measured of await folder.measured()) t.false('architecture' in measured!);
});

test('a new line says it all, and so does one whose numbers have changed', async (t) => {
  await using fresh = await published(earlier.map((record) => again(record, besides)));
  for (const measured of await fresh.measured()) t.like(measured, besides);
  await using folder = await published(earlier);
  await folder.write(earlier.map((record) => again(record, { ...besides, trainedExamples: 101 })));
  for (const measured of await folder.measured()) t.like(measured, { ...besides, trainedExamples: 101 });
});

test('what a line says already is compared like everything else', async (t) => {
  await using folder = await published(earlier.map((record) => again(record, { evaluations: 7 })));
  const before = await folder.text();
  await folder.write(earlier.map((record) => again(record, besides)));
  t.is(await folder.text(), before);
  await folder.write(earlier.map((record) => again(record, { ...besides, evaluations: 8 })));
  for (const measured of await folder.measured()) t.like(measured, { ...besides, evaluations: 8 });
  const recounted = await folder.text();
  await folder.write(earlier.map((record) => again(record, { ...besides, evaluations: 8, metrics: {} })));
  t.not(await folder.text(), recounted, 'also a metric that is gone');
});

test('a trial that failed before and is measured now has a new line', async (t) => {
  await using folder = await published(earlier.map((record) => ({ ...record, failure: 'once', measured: null })));
  await folder.write(earlier.map((record) => again(record, besides)));
  for (const measured of await folder.measured()) t.like(measured, besides);
});
