/** What is printed where: as wide as the terminal, Markdown where it is asked for; the colours are seen in a pseudo-terminal. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { choiceTable } from '../src/terminal/choices.ts';
import { settingFor } from '../src/terminal/setting.ts';

const layers = choiceTable([
  {
    layer: 'fc1/kernel',
    matrix: [300, 784],
    shrunken: [280, 700],
    density: 0.1,
    chosen: 'csr',
    milliseconds: { dense: 2, csr: 0.5 },
  },
]);

/** What a program that prints a bold word through `settingFor` writes into a terminal of so many columns. */
function inTerminal(columns: number, environment: Readonly<Record<string, string>>): string {
  const module = JSON.stringify(new URL('../src/terminal/setting.ts', import.meta.url).href);
  const program = `import { print, screenOf, settingFor } from ${module};
    const set = settingFor(false, process.stdout);
    print(set.table({ columns: ['head'], rows: [] }));
    print('columns=' + screenOf(process.stdout).width);`;
  const script = `stty cols ${columns}; "${process.execPath}" --input-type=module -e "$PROGRAM"`;
  // Node.js takes a terminal of a continuous integration for one without colours.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...rest } = process.env;
  const env = { ...rest, TERM: 'xterm', PROGRAM: program, ...environment };
  return spawnSync('script', ['-qec', script, '/dev/null'], { env, encoding: 'utf8' }).stdout;
}

const pseudo = spawnSync('script', ['--version']).status === 0 ? test : test.skip;

pseudo('on a terminal heads are bold and its width counts, unless NO_COLOR or a dumb terminal forbids colours', (t) => {
  const drawn = inTerminal(63, {});
  t.true(drawn.includes('\u001b[1mhead\u001b[22m'), drawn);
  t.true(drawn.includes('columns=63'), drawn);
  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const plain = inTerminal(63, environment);
    t.true(plain.includes('head'), plain);
    t.false(plain.includes('\u001b['), plain);
  }
});

test('Markdown where it is asked for, else a drawing with the same texts', (t) => {
  const table = settingFor(true, process.stdout).table(layers);
  t.regex(table, /^\| layer +\| +outputs x inputs \|/);
  t.regex(table, /\| fc1\/kernel \| +300 x 784 \| +280 x 700 \| +10\.0 \| +csr \| +2\.0000 \|/);
  const drawn = settingFor(false, process.stdout).table(layers);
  t.notRegex(drawn, /\|/);
  for (const text of ['fc1/kernel', '300 x 784', '280 x 700', '10.0', 'csr', '2.0000', '0.5000'])
    t.is(drawn.split(text).length, 2 + (text === 'csr' ? 1 : 0), `${text}: ${drawn}`);
});
