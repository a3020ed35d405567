/** What a disk or a user may do to the files of a report. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { loadRecords } from '@prunebench/records';
import test from 'ava';
import { loadPublished, verifyResults, writeReport } from '../src/index.ts';
import { keyOf, tiny, workplace } from './tiny-benchmark.ts';

const PROGRAM = join(import.meta.dirname, 'write-limited.ts');

test('where the disk takes a part of a plot alone, the old one stays and the error names it', async (t) => {
  const { resultsDir } = await workplace();
  const { records } = await loadRecords(resultsDir);
  await writeReport({ benchmark: { ...tiny, published: [] }, published: [] }, { resultsDir, records });
  const folder = join(resultsDir, 'tiny');
  const plots = (await readdir(folder)).filter((name) => name.endsWith('.svg'));
  const before = await Promise.all(plots.map((name) => readFile(join(folder, name), 'utf8')));
  t.true(before.length > 0 && before.every(({ length }) => length > 4096));
  // No file of the child may have more than 4,096 bytes: the system takes that much of a plot and refuses the rest.
  const limited = ['-c', 'ulimit -f 8; exec "$@"', 'sh', process.execPath, PROGRAM, resultsDir];
  const said = execFileSync('sh', limited, { encoding: 'utf8' });
  t.regex(said, /^FileError A file would become larger than is allowed here: .*tiny/);
  t.deepEqual(await Promise.all(plots.map((name) => readFile(join(folder, name), 'utf8'))), before);
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'a link to itself': (path) => symlink(path, path),
};
for (const [what, make] of Object.entries(others)) {
  test(`${what} in the place of a record is no record`, async (t) => {
    const { resultsDir } = await workplace();
    const path = join(resultsDir, 'tiny', 'records', 'cpu', 'global-0.9-0.json');
    await rm(path);
    await make(path);
    const { records, corrupt } = await loadRecords(resultsDir, { onCorrupt: 'report' });
    t.is(records.length, 17);
    t.deepEqual(
      corrupt.map(({ file }) => file),
      [path],
    );
    await t.throwsAsync(loadRecords(resultsDir), { instanceOf: PrunebenchError, message: /global-0\.9-0\.json/ });
  });

  test(`${what} in the place of what a report reads or writes is an error that names it`, async (t) => {
    const { resultsDir, readme, source } = await workplace();
    const { records } = await loadRecords(resultsDir);
    const table = join(resultsDir, 'tiny', 'table-cpu.csv');
    for (const path of [table, readme]) {
      await rm(path, { force: true });
      await make(path);
      const written = writeReport(source, { resultsDir, records, keyOf });
      const error = await t.throwsAsync<PrunebenchError>(written, { instanceOf: PrunebenchError });
      t.true(error.message.includes(path), error.message);
      const differences = await verifyResults([source], { resultsDir, keyOf });
      t.truthy(differences.find(({ file }) => file === path));
      await rm(path, { recursive: true });
      if (path === table) await writeReport(source, { resultsDir, records, keyOf });
    }
    const published = join(resultsDir, 'published.csv');
    await make(published);
    await t.throwsAsync(loadPublished(published), { instanceOf: PrunebenchError, message: /published\.csv/ });
  });
}

test('a file in the place of the folder of the report is named', async (t) => {
  const { resultsDir } = await workplace();
  const { records } = await loadRecords(resultsDir);
  await rm(join(resultsDir, 'tiny'), { recursive: true });
  await writeFile(join(resultsDir, 'tiny'), '');
  await t.throwsAsync(writeReport({ benchmark: { ...tiny, published: [] }, published: [] }, { resultsDir, records }), {
    instanceOf: PrunebenchError,
    message: /file stands where a folder is needed: .*tiny/,
  });
});
