/** What a trial's stages logged becomes one curve, and a picture of letters. */
import test from 'ava';
import { joinedCurve } from '../src/stages/training-curve.ts';
import { bar, chart } from '../src/terminal/chart.ts';

const epoch = (at: number, accuracy = 50) => ({
  epoch: at,
  trainLoss: 1,
  validation: { accuracy, loss: 1 },
  learningRate: 0.1,
});
const training = (trainedExamples: number, ...epochs: number[]) => ({
  kind: 'train',
  metrics: { trainedExamples, epochs: epochs.map((at) => epoch(at)) },
});
const step = (kind: string) => ({ kind, metrics: {} });
const prunes = (kind: string) => kind === 'prune';
const epochsOf = (curve: ReturnType<typeof joinedCurve>) => curve.points.map((point) => point.epoch);

test('epochs of trainings are added up, and prunings stand between them', (t) => {
  const curve = joinedCurve(
    [training(300, 1, 2, 3), step('prune'), step('rewind'), training(200, 1, 2), step('prune'), training(50, 0.5)],
    prunes,
  );
  t.deepEqual(epochsOf(curve), [1, 2, 3, 4, 5, 5.5]);
  t.deepEqual(curve.prunedAt, [3, 5]);
});

test('segments of one training, whose epochs go on counting, are not counted twice', (t) => {
  // A training of 4 epochs of 100 examples, cut at 1.5 epochs.
  const curve = joinedCurve([training(150, 1, 1.5), step('prune'), training(250, 2, 3, 4)], prunes);
  t.deepEqual(epochsOf(curve), [1, 1.5, 2, 3, 4]);
  t.deepEqual(curve.prunedAt, [1.5]);
});

test('a step that calls something else its epochs has no curve', (t) => {
  const curve = joinedCurve([{ kind: 'own', metrics: { epochs: [{ epoch: 'first' }] } }, training(10, 1)], prunes);
  t.deepEqual(epochsOf(curve), [1]);
});

test('a chart has its numbers at its corners, and a line that climbs', (t) => {
  const points = [0, 1, 2, 3].map((x) => ({ x, y: 10 * x }));
  const lines = chart(points, { width: 4, height: 2 }, { decimals: 1, label: 'x' });
  // Eight columns and eight rows of dots: the diagonal, by the numbers of the braille alphabet.
  t.deepEqual(lines.slice(0, 2), ['30.0 │⠀⠀⡠⠊', ' 0.0 │⡠⠊']);
  t.regex(lines[3], /^ +0 +x +3$/);
});

test('bars are as long as their shares, and nothing alone is nothing', (t) => {
  t.is(bar(0, 4), '    ');
  t.is(bar(1, 4), '████');
  t.is(bar(0.5, 4), '██  ');
  t.is(bar(0.53125, 4), '██▏ ');
  t.is(bar(1e-9, 4), '▏   ');
});
