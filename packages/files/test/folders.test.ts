/** What a user without rights sees. Root may read everything, so that a process of another user looks. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { exists, isFolder, isTaken } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

const NOBODY = 65534;
const INDEX = import.meta.resolve('../src/index.ts');

const looks = { exists, isFolder, isTaken };

test('what is absent is absent, below a file too', async (t) => {
  await using folder = await temporary();
  await writeFile(join(folder.root, 'file'), '');
  for (const look of Object.values(looks))
    for (const path of ['nothing', 'nothing/below', 'file/below']) t.false(await look(join(folder.root, path)));
});

test('what may not be looked at is not taken for absent', async (t) => {
  if (process.platform === 'win32') return t.pass('no such permissions');
  await using folder = await temporary();
  const closed = join(folder.root, 'closed');
  await mkdir(join(closed, 'inside'), { recursive: true });
  await chmod(folder.root, 0o755);
  await chmod(closed, 0o600);
  const script = `
    const { ${Object.keys(looks).join(', ')} } = await import(${JSON.stringify(INDEX)});
    if (process.getuid() === 0) process.setuid(${NOBODY});
    for (const look of [${Object.keys(looks).join(', ')}])
      console.log(await look(${JSON.stringify(join(closed, 'inside'))}).then(String, (error) => error.name + ' ' + error.message));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: new URL('.', pathToFileURL(`${folder.root}/`)),
  });
  t.deepEqual(
    said.trim().split('\n'),
    Object.keys(looks).map(() => `FileError No permission: ${join(closed, 'inside')} (EACCES).`),
  );
  await chmod(closed, 0o700);
});
