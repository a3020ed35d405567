import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fromHere } from '../src/options/from-here.ts';
import { resultsOfRun } from '../src/results/results-of-run.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('a relative path starts where it was typed, also through pnpm', (t) => {
  const pnpm = { INIT_CWD: '/home/ada/notes', npm_lifecycle_event: 'prunebench' };
  t.is(fromHere('mine.ts', root, pnpm), '/home/ada/notes/mine.ts');
  t.is(fromHere('../mine.ts', root, pnpm), '/home/ada/mine.ts');
  t.is(fromHere('/tmp/mine.ts', root, pnpm), '/tmp/mine.ts');
  t.is(fromHere('mine.ts', '/home/ada', {}), '/home/ada/mine.ts');
});

test('what another script or another folder says is not believed', (t) => {
  t.is(fromHere('x', root, { INIT_CWD: '/home/ada', npm_lifecycle_event: 'bench' }), join(root, 'x'));
  t.is(fromHere('x', '/tmp', { INIT_CWD: '/home/ada', npm_lifecycle_event: 'prunebench' }), '/tmp/x');
});

const whole = { scale: 'cpu', filter: [], plugin: [], set: [] } as const;

test('only a whole table of committed code goes to results/', (t) => {
  t.deepEqual(resultsOfRun(whole, { dirty: false }), { folder: join(root, 'results'), scratch: null });
  t.is(resultsOfRun({ ...whole, scale: 'paper' }, { dirty: false }).scratch, null);
});

const scratch = {
  smoke: { ...whole, scale: 'smoke' },
  '--filter': { ...whole, filter: ['seed=0'] },
  '--seeds': { ...whole, seeds: 2 },
  plugin: { ...whole, plugin: ['/tmp/mine.ts'] },
  derived: { ...whole, set: ['retrain.epochs=1'] },
} as const;
for (const [word, run] of Object.entries(scratch))
  test(`a run with ${word} goes to local-results/, and the reason names it`, (t) => {
    const { folder, scratch } = resultsOfRun(run, { dirty: false });
    t.is(folder, join(root, 'local-results'));
    t.true(scratch?.includes(word));
  });

test('so does one of uncommitted code', (t) => {
  const { folder, scratch } = resultsOfRun(whole, { dirty: true });
  t.is(folder, join(root, 'local-results'));
  t.regex(scratch ?? '', /not committed/);
});
