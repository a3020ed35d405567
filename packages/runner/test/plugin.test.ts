/** Plugins lie wherever their authors work: each of these is written into a folder that no package is installed for. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { underTodaysNames } from '../src/plugins/former-names.ts';
import { pluginPath } from '../src/plugins/plugin-path.ts';
import { loadRegistry } from '../src/registry.ts';
import { sandbox } from './fixtures/cli.ts';

// pnpm names its store here, in which `require` would find whatever is installed.
delete process.env.NODE_PATH;

const CRITERION = `
const citation = { authors: 'Nobody', title: 'Squares', year: 2024, venue: 'none', url: 'https://example.org' };
const squares = defineCriterion({
  id: 'squares',
  title: 'Squared weight',
  citation,
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'any',
  score: ({ network, parameters }) =>
    Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, parameters[name].values.map((w) => w * w)])),
});`;

const PLUGIN = `
import { defineBenchmark, defineCriterion, prunableSpecs } from '@prunebench/core';
import { magnitude } from '@prunebench/criterion-magnitude';
import { datasets } from '@prunebench/data';
import { models } from '@prunebench/models';
import { type Plugin, withoutDefaults } from '@prunebench/core';
import { lossGradients } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
if ([magnitude, datasets, models, withoutDefaults, lossGradients, tf.tensor].includes(undefined)) throw new Error();
${CRITERION}
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const cell = { dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.5, pretrain: training, retrain: training };
export default {
  criteria: [squares],
  benchmarks: [defineBenchmark({
    id: 'squared',
    title: 'Squared weights',
    question: 'Does it run?',
    seeds: { smoke: 1, cpu: 3, paper: 3 },
    trials: () => [{ ...cell, method: 'squares', series: 'squares' }],
    published: [],
  })],
} satisfies Plugin;
`;

async function boxWith(file: string, text: string) {
  const box = await sandbox();
  const path = join(box.root, file);
  await writeFile(path, text);
  return { box, path };
}

test.serial(
  'a plugin outside the repository imports what the runner has, in the command line and in workers',
  async (t) => {
    const { box, path } = await boxWith('mine.ts', PLUGIN);
    await using _ = box;
    const { exitCode, all } = await box.run('squared', '--plugin', path);
    t.is(exitCode, 0, all);
    t.is((await box.records('squared')).size, 1);
  },
);

test.serial('so does the CommonJS module that a plugin may be', async (t) => {
  const text = `const { defineCriterion } = require('@prunebench/core'); const { z } = require('zod'); ${CRITERION}
    module.exports = { criteria: [squares] };`;
  const { box, path } = await boxWith('mine.cjs', text);
  await using _ = box;
  const { exitCode, stdout, stderr } = await box.cli('list', 'criteria', '--plugin', path);
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^squares +Squared weight \(Nobody 2024\)$/m);
});

test.serial('a plugin cites by key as the suite does', async (t) => {
  const text = `import { defineCriterion, prunableSpecs } from '@prunebench/core'; import { z } from 'zod'; ${CRITERION}
    export default { criteria: [{ ...squares, citation: 'han2015learning' }] };`;
  const { box, path } = await boxWith('mine.ts', text);
  await using _ = box;
  const { exitCode, stdout, stderr } = await box.cli('list', 'criteria', '--plugin', path);
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^squares +Squared weight \(Han/m);
});

test('keys of earlier versions and of today stand side by side', (t) => {
  const [a, b] = [{ kind: 'a', prunes: false, trains: false }, { kind: 'b' }];
  const effects = { prunes: true, trains: true };
  t.deepEqual(underTodaysNames({ steps: [a], stepKinds: [b] }), { steps: [a, { ...effects, ...b }] });
  t.deepEqual(underTodaysNames({ models: [1], networks: [2] }), { networks: [1, 2] });
});

interface Case {
  readonly text: string;
  readonly says: RegExp;
  readonly remedy?: RegExp;
}

const broken: Readonly<Record<string, Case>> = {
  'throws while it loads': {
    text: 'const list = undefined;\nexport default { criteria: list.map(String) };',
    says: /Cannot read properties of undefined \(reading 'map'\) \(.*mine\.ts:2:\d+\)\.$/m,
  },
  'is not JavaScript': { text: 'export default {\n  criteria: [,\n', says: /mine\.ts:2/ },
  'throws no error': { text: 'throw "a word"; export default {};', says: /a word\.$/m },
  'imports a package that is nowhere': {
    text: "import 'no-such-package'; export default {};",
    says: /Cannot find package 'no-such-package' imported from .*mine\.ts\.$/m,
  },
  'imports a package of the suite that there is not': {
    text: "import '@prunebench/cor'; export default {};",
    says: /Cannot find package '@prunebench\/cor' imported from .*mine\.ts\.$/m,
  },
  'imports a package that is not for plugins': {
    text: "import 'commander'; export default {};",
    says: /Cannot find package 'commander' imported from .*mine\.ts\.$/m,
  },
  'has no default export': { text: 'export const criteria = [];', says: /no default export/, remedy: /Export default/ },
  'exports a list': { text: 'export default [];', says: /default export is not an object/, remedy: /Export default/ },
  'has an unknown key': {
    text: 'export default { criterias: [] };',
    says: /unknown key "criterias"/,
    remedy: /Did you mean "criteria"\? Known: .*criteria, .*methods, networks, steps/,
  },
  'has an unknown key that every object knows': {
    text: 'export default { constructor: [], models: [] };',
    says: /unknown key "constructor"/,
    remedy: /Known: .*criteria/,
  },
  'has a criterion that is not whole': {
    text: "export default { criteria: [{ id: 'x' }] };",
    says: /criteria\[0\]\.title is missing; .*criteria\[0\]\.options is missing; .*criteria\[0\]\.score is missing\.$/m,
  },
  'has a criterion with a wrong field': {
    text: `import { defineCriterion } from '@prunebench/core'; import { z } from 'zod'; ${CRITERION}
      export default { criteria: [{ ...squares, granularity: ['layer'], score: 3, options: {} }] };`,
    says: /options: must be a Zod 4 schema; .*granularity\[0\]: .*"weight"\|"unit".*; .*score: must be a function\.$/m,
  },
  'cites a paper by a key that there is not': {
    text: `import { defineCriterion } from '@prunebench/core'; import { z } from 'zod'; ${CRITERION}
      export default { criteria: [{ ...squares, citation: 'nobody2024squares' }] };`,
    says: /criteria\[0\]\.citation: no key of core's bibliography: "nobody2024squares"\.$/m,
  },
  'names a criterion and a kind of step by no string': {
    text: `import { defineCriterion } from '@prunebench/core'; import { z } from 'zod'; ${CRITERION}
      export default { criteria: [{ ...squares, id: 3 }], steps: [{ kind: Symbol('x'), options: z.object({}), prunes: true, trains: true, run() {} }] };`,
    says: /criteria\[0\]\.id: .*string.*number; steps\[0\]\.kind: .*string.*symbol\.$/m,
  },
  'has a kind of step that does not say what it does': {
    text: "import { z } from 'zod'; export default { steps: [{ kind: 'x', options: z.object({}), run() {} }] };",
    says: /steps\[0\]\.prunes is missing; steps\[0\]\.trains is missing\.$/m,
  },
  'has one criterion where a list belongs': { text: 'export default { criteria: {} };', says: /criteria: .*array/ },
  'has a benchmark without seeds': {
    text: "export default { benchmarks: [{ id: 'x', title: 'x', question: '?', trials: () => [], published: [] }] };",
    says: /benchmarks\[0\]\.seeds is missing\.$/m,
  },
};

for (const [what, { text, says, remedy = /how-to-add-a-criterion\.md/ }] of Object.entries(broken))
  test.serial(`a plugin that ${what} is one clear error`, async (t) => {
    const { box, path } = await boxWith('mine.ts', text);
    await using _ = box;
    const { exitCode, stderr } = await box.cli('list', 'criteria', '--plugin', path);
    t.is(exitCode, 1, stderr);
    t.true(stderr.startsWith(`error: The plugin ${path} could not be loaded: `), stderr);
    t.regex(stderr, says);
    t.regex(stderr, remedy);
    t.notRegex(stderr, /\n\s+at |bug in Prunebench/, 'no stack trace');
  });

test.serial('a plugin that is a folder is one clear error', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.cli('list', 'criteria', '--plugin', box.root);
  t.is(exitCode, 1, stderr);
  t.is(stderr.split('\n')[0], `error: The plugin ${box.root} could not be loaded: it is not a file.`);
});

for (const [kind, other] of [
  ['train', 'one in the suite, one in'],
  ['mine', 'both in'],
])
  test.serial(`a second kind of step "${kind}" is refused, as every name that is taken`, async (t) => {
    const text = `import { z } from 'zod';
      const step = (kind) => ({ kind, options: z.strictObject({}), prunes: true, trains: false, run: (_, state) => ({ state, metrics: {} }) });
      export default { steps: [step('mine'), step('${kind}')] };`;
    const { box, path } = await boxWith('mine.ts', text);
    await using _ = box;
    const { exitCode, stderr } = await box.cli('list', 'criteria', '--plugin', path);
    t.is(exitCode, 1, stderr);
    t.is(stderr.split('\n')[0], `error: There are two entries for kind of step "${kind}": ${other} ${path}.`);
  });

test.serial("a network with the name of one of the suite's at another width is refused too", async (t) => {
  const text = `const network = { id: 'resnet-20-w0.5', title: 'Mine', initializer: 'he-normal', build: () => ({}) };
    export default { networks: [network] };`;
  const { box, path } = await boxWith('mine.ts', text);
  await using _ = box;
  await t.throwsAsync(loadRegistry([path]), {
    message: `There are two entries for network "resnet-20-w0.5": one in the suite, one in ${path}.`,
  });
});

test.serial(
  'of two plugins with one name both files are named, and a plugin that is named twice counts once',
  async (t) => {
    const text = `import { defineCriterion, prunableSpecs } from '@prunebench/core'; import { z } from 'zod'; ${CRITERION}
    export default { criteria: [squares] };`;
    const { box, path } = await boxWith('mine.ts', text);
    await using _ = box;
    const other = join(box.root, 'other.ts');
    await writeFile(other, text);
    const error = await t.throwsAsync(loadRegistry([path, other]), { instanceOf: PrunebenchError });
    t.is(error.message, `There are two entries for criterion "squares": one in ${path}, one in ${other}.`);
    t.is(error.remedy, `Give the one in ${other} another id.`);
    t.deepEqual((await loadRegistry([path, path])).plugins, [path]);
  },
);

test.serial('a plugin of an earlier version, whose keys were called otherwise, is read as before', async (t) => {
  const text = `import { z } from 'zod';
    const network = { id: 'former', title: 'Former', initializer: 'he-normal', build: () => ({}) };
    const step = { kind: 'former', options: z.strictObject({}), run: (_, state) => ({ state, metrics: {} }) };
    export default { models: [network], stepKinds: [step] };`;
  const { box, path } = await boxWith('former.ts', text);
  await using _ = box;
  const { networks, steps } = await loadRegistry([path]);
  t.is(networks.get('former')?.title, 'Former');
  t.like(steps.get('former'), { prunes: true, trains: true });
});

/** A plugin that is installed as a package of these files. */
async function boxWithPackage(files: Readonly<Record<string, string>>) {
  const box = await sandbox();
  const folder = join(box.root, 'node_modules', 'mine');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { box, folder };
}

for (const type of ['"type": "module"', '"license": "MIT"'])
  test.serial(`an installed package may be a plugin in TypeScript: ${type}`, async (t) => {
    const { box, folder } = await boxWithPackage({
      'package.json': `{ "name": "mine", "version": "1.0.0", ${type} }`,
      'index.ts': `import { named } from './named.ts';${PLUGIN.replace(
        "id: 'squared'",
        "id: named('squared' as string)",
      )}`,
      'named.ts': 'export function named(name: string): string {\n  return name;\n}\n',
    });
    await using _ = box;
    const { exitCode, all } = await box.run('squared', '--plugin', join(folder, 'index.ts'));
    t.is(exitCode, 0, all);
    t.is((await box.records('squared')).size, 1);
    t.notRegex(all, /ExperimentalWarning/);
  });

test.serial('an installed package is named by its name, where there is no such file', async (t) => {
  const { box, folder } = await boxWithPackage({
    'package.json':
      '{ "name": "mine", "type": "module", "exports": { ".": { "import": "./index.ts" }, "./more": "./more.ts" } }',
    'index.ts': 'export default {};',
    'more.ts':
      "export default { datasets: [{ id: 'dots', title: 'Dots', shape: { inputShape: [2], classes: 2 }, load: () => undefined }] };",
  });
  await using _ = box;
  t.is(pluginPath('mine', box.root), join(folder, 'index.ts'));
  t.is(pluginPath('mine/more', box.root), join(folder, 'more.ts'));
  t.is(pluginPath('yours', box.root), join(box.root, 'yours'));
  t.is(pluginPath('fs', box.root), join(box.root, 'fs'), 'a module of Node.js is no plugin');
  await writeFile(join(box.root, 'mine'), 'export default {};');
  t.is(pluginPath('mine', box.root), join(box.root, 'mine'), 'a file is nearer');
  t.is(pluginPath('/x/y.ts', box.root), '/x/y.ts');
  t.deepEqual((await loadRegistry([pluginPath('mine/more', box.root)])).plugins, [join(folder, 'more.ts')]);
});

test.serial('what is wrong in an installed plugin is said, with what helps', async (t) => {
  const { box, folder } = await boxWithPackage({
    'enum.ts': 'enum A { B }\nexport default {};\n',
    'common.cts': 'const list: unknown[] = [];\nmodule.exports = { criteria: list };\n',
  });
  await using _ = box;
  const listed = async (file: string) => (await box.cli('list', 'criteria', '--plugin', join(folder, file))).stderr;
  t.regex(await listed('enum.ts'), /could not be loaded: TypeScript enum is not supported .*enum\.ts\)\.$/m);
  t.regex(await listed('common.cts'), /could not be loaded: .*\n.*import and export, or install it compiled/);
});

// Methods, kinds of steps, data sets, models and benchmarks that are whole are those of fixtures/tiny.ts in every run.
