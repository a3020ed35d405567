/** How much an install brings along, as docs/decisions/0017-what-is-installed.md has it; the size on the disk is `scripts/installed.ts`'s. */
import { readFileSync } from 'node:fs';
import test from 'ava';

/** Of the lockfile, for every platform; an install has about three quarters of them. */
const MOST = 425;
/** Of one family: another library that comes in hundreds of packages wants a second look. */
const MOST_OF_ONE = 30;

const lockfile = readFileSync(new URL('../../pnpm-lock.yaml', import.meta.url), 'utf8');
const section = lockfile.slice(lockfile.indexOf('\npackages:\n'), lockfile.indexOf('\nsnapshots:\n'));
const packages = [...section.matchAll(/^ {2}'?((?:@[^/\s]+\/)?[^@\s]+)@[^\s:']+'?:$/gm)].map(([, name]) => name!);

test('the lockfile has no more packages than it was decided', (t) => {
  t.true(packages.length > 200, 'they were found');
  t.true(
    packages.length <= MOST,
    `${packages.length} packages: look for a smaller library, or say in docs/decisions/0017-what-is-installed.md why not`,
  );
});

test('no library comes in a crowd', (t) => {
  const families = Map.groupBy(packages, (name) => name.split('/', 1)[0]!);
  const crowds = [...families].filter(([, { length }]) => length > MOST_OF_ONE).map(([name]) => name);
  t.deepEqual(crowds, []);
});

test('what only those need who work on the suite is no dependency of those who run it', (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  t.deepEqual(Object.keys(manifest.dependencies), ['node']);
});
