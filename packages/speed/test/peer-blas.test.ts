import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { interpreter } from '../src/peer.ts';
import { type BlasChoice, chooseBlas, chooserProgram, describeChoice, environmentOf } from '../src/peer-blas.ts';
import { Side } from '../src/side.ts';

const folder = join(chooserProgram, '..');
const canRun = (code: string) => spawnSync(interpreter, ['-c', code]).status === 0;
const withPython = canRun('import sys') ? test : test.skip;
const withNumpy = canRun('import numpy') ? test : test.skip;

/** Runs Python code beside peer_blas.py and gives the JSON it prints. */
function python(code: string, environment: NodeJS.ProcessEnv = {}): unknown {
  const env = { ...process.env, ...environment };
  return JSON.parse(execFileSync(interpreter, ['-c', code], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' }));
}

/** A trial without a BLAS: which kernels run, whether they are right and how long they take goes by the core type. */
const fakeTrial = `
import json, os, sys
core = os.environ.get("OPENBLAS_CORETYPE")
if core == "Cooperlake": os.abort()
kernels = {None: "SkylakeX", "Zen": "Zen", "Haswell": "Haswell", "SkylakeX": "SkylakeX", "SapphireRapids": "New"}[core]
wrong = "1x1 times 1x1" if core == "Zen" else None if "OPENBLAS_L2_SIZE" not in os.environ else "told how large the cache is"
print(json.dumps({"kernels": kernels, "wrong": wrong}), flush=True)
for line in sys.stdin:
    if core == "SapphireRapids": sys.exit(1)
    print({"SkylakeX": 2.0, "Haswell": 4.0}[kernels], flush=True)
`;
const choose = (coreTypes: string) =>
  `import json, sys, peer_blas; print(json.dumps(peer_blas.choose([sys.executable, "-c", ${JSON.stringify(fakeTrial)}], ${coreTypes})))`;

withPython('the fastest right kernels win, whatever the environment says; wrong and dying ones are refused', (t) => {
  const choice = python(choose('peer_blas.CORE_TYPES'), {
    OPENBLAS_CORETYPE: 'Haswell',
    OPENBLAS_L2_SIZE: '512',
  }) as BlasChoice;
  t.is(choice.coreType, null);
  t.is(choice.kernels, 'SkylakeX');
  t.deepEqual(choice.seconds, { SkylakeX: 2, Haswell: 4 });
  t.deepEqual(Object.keys(choice.refused).sort(), ['Cooperlake', 'SapphireRapids', 'Zen']);
  t.regex(describeChoice(choice), /SkylakeX kernels: Haswell takes 2.00 times as long/);
});

withPython('where nothing multiplies rightly there is no choice', (t) => {
  t.throws(() => python(choose('["Zen", "Cooperlake"]')), { message: /no core type of OpenBLAS multiplies rightly/ });
});

withPython('a peer that cannot be checked is a clear error', async (t) => {
  const broken = join(mkdtempSync(join(tmpdir(), 'peer-')), 'python');
  writeFileSync(broken, '#!/bin/sh\necho "RuntimeError: all wrong" >&2\nexit 1\n');
  chmodSync(broken, 0o755);
  const error = await t.throwsAsync(chooseBlas(broken, 1), { instanceOf: PrunebenchError });
  t.regex(error!.message, /all wrong/);
});

withNumpy('a product that is wrong in one element, for one shape and one order, is found', (t) => {
  const check = (body: string) =>
    python(
      `import json, numpy, peer_blas\ndef multiply(a, b):\n    c = numpy.einsum("ij,jk->ik", a, b)\n    ${body}\n    return c\n` +
        'print(json.dumps(peer_blas.wrong_product(multiply, 1)))',
    );
  t.is(check('pass'), null);
  t.is(
    check('if a.shape == (128, 800) and not a.flags.c_contiguous and b.flags.c_contiguous: c[127, 499] += 1'),
    '128x800 times 800x500 (FC) is wrong',
  );
});

withPython("another package's OpenBLAS, under names of its own, is not the peer's", (t) => {
  // NumPy's wheels bring one; any library will do that has the file name and not the functions.
  const copy = [
    'import ctypes, json, shutil, tempfile, peer_blas',
    `path = next(line.split()[-1] for line in open("/proc/self/maps") if "libc" in line and ".so" in line)`,
    'other = shutil.copy(path, tempfile.mkdtemp() + "/libscipy_openblas64_-61654e39.so")',
    'ctypes.CDLL(other)',
    'print(json.dumps([peer_blas.describe(), peer_blas.kernels()]))',
  ];
  t.deepEqual(python(copy.join('\n')), ['its own BLAS', null]);
});

test('a side gets the chosen core type and inherits none', async (t) => {
  const print = `console.log(JSON.stringify({ version: [process.env.OPENBLAS_CORETYPE, process.env.OPENBLAS_L2_SIZE].join() }))`;
  const inherited = { ...process.env };
  Object.assign(process.env, { OPENBLAS_CORETYPE: 'Haswell', OPENBLAS_L2_SIZE: '512' });
  try {
    for (const [coreType, expected] of [
      ['Zen', 'Zen,'],
      [null, ','],
    ] as const) {
      const environment = environmentOf({ coreType, kernels: '', seconds: {}, refused: {} });
      const side = await Side.start('Print', process.execPath, ['-e', print], 1, environment);
      t.is(side.version, expected);
      side.stop();
    }
  } finally {
    for (const name of ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE']) {
      if (inherited[name] === undefined) delete process.env[name];
      else process.env[name] = inherited[name];
    }
  }
});
