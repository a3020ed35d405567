import test from 'ava';
import {
  defineBenchmark,
  PrunebenchError,
  plainId,
  printable,
  printableLines,
  refuseOddId,
  spreadsheetText,
} from '../src/index.ts';

test('a name is one line without control characters, whatever it holds', (t) => {
  t.is(printable('global, one-shot'), 'global, one-shot');
  t.is(printable('a\nb\r\nc\td\u2028e'), 'a b c d e');
  t.is(printable('\u001b[2Jgone\u0007'), '\\u001b[2Jgone\\u0007');
  t.is(printable('\u009b31m \u202eright to left'), '\\u009b31m \\u202eright to left');
  t.is(printable('half \ud800 of a pair'), 'half \ufffd of a pair');
  t.is(printable('Erdős–Rényi ± 5 × 10⁻³ 🎲'), 'Erdős–Rényi ± 5 × 10⁻³ 🎲');
});

test('text of several lines keeps its lines', (t) => {
  t.is(printableLines('one\r\ntwo\tthree\u001b[1m'), 'one\ntwo\tthree\\u001b[1m');
});

test('what a spreadsheet would compute is text, and numbers are numbers', (t) => {
  for (const formula of ['=1+1', '+A1', '-A1', '@SUM(A1)', ' =1', '\t=1', '\r\n=1', '＝1', '-1+cmd', '--1', '-'])
    t.is(spreadsheetText(formula), `'${printableLines(formula)}`);
  for (const plain of ['-1', '+0.5', '-.5', '-1.25e-7', '0', 'a=1', 'p <= 0.05', '', 'layer-wise'])
    t.is(spreadsheetText(plain), plain);
});

test('JSON stays JSON of the same value', (t) => {
  const value = { 'a\u009bb': 'c\u007fd\u001be\nf' };
  t.deepEqual(JSON.parse(printableLines(JSON.stringify(value, null, 2))), value);
});

test('an id is plain', (t) => {
  for (const id of ['snip-lenets', 'resnet-20-w0.5', 'a', 'A_1', 'x'.repeat(100)])
    t.notThrows(() => refuseOddId('model', id));
  const odd = ['lenet/mnist', '..', '.stages', '', 'a b', 'a\\b', 'a\nb', '-x', 'é', 'a|b', 'C:', 'x'.repeat(101)];
  for (const id of odd) {
    const { message } = t.throws(() => refuseOddId('model', id), { instanceOf: PrunebenchError });
    t.true(message.includes(JSON.stringify(id)));
    t.false(plainId.safeParse(id).success);
  }
});

test('a benchmark whose id is no name of a folder is refused where it is declared', (t) => {
  const benchmark = {
    title: 'a / b',
    question: '?',
    seeds: { smoke: 1, cpu: 3, paper: 3 },
    trials: () => [],
    published: [],
  };
  t.notThrows(() => defineBenchmark({ ...benchmark, id: 'lenet-mnist' }));
  const error = t.throws(() => defineBenchmark({ ...benchmark, id: 'lenet/mnist' }), { instanceOf: PrunebenchError });
  t.regex(error.message, /"lenet\/mnist" of a benchmark/);
  t.regex(error.remedy!, /letters, digits/);
});
