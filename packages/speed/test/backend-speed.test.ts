import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { runBackendSpeed } from '../src/index.ts';

const options = { threads: [1], rounds: 1, networks: ['lenet-300-100'], resultsDir: '/nowhere', log: () => {} };

test('a backend is measured against the native one: the slower wasm says so, step and evaluation', async (t) => {
  const { rows, table, files } = await runBackendSpeed('wasm', options);
  const native = rows.filter(({ peer }) => peer === 'native, 1 thread(s)');
  t.deepEqual(
    native.map(({ network, mode, backend }) => [network, mode, backend]),
    [
      ['lenet-300-100', 'train', 'wasm'],
      ['lenet-300-100', 'eval', 'wasm'],
    ],
  );
  for (const { ourMilliseconds, peerMilliseconds, ratio } of native) {
    t.true(Math.abs(ratio! - peerMilliseconds! / ourMilliseconds) < 1e-9);
    t.true(ratio! < 1);
  }
  t.regex(table, /lenet-300-100 \| training step \| wasm/);
  t.deepEqual(files, []);
});

test('a backend that is not there is an error before anything is measured', async (t) => {
  const error = await t.throwsAsync(runBackendSpeed('cuda', options), { instanceOf: PrunebenchError });
  t.regex(error!.message, /There is no backend called cuda/);
});

for (const name of ['native', 'auto'])
  test(`${name} is refused: native is what the others are measured against`, async (t) => {
    const error = await t.throwsAsync(runBackendSpeed(name, options), { instanceOf: PrunebenchError });
    t.regex(error!.message, /against itself/);
    t.regex(error!.remedy ?? '', /`\.\/prunebench speed` measures it against PyTorch/);
  });
