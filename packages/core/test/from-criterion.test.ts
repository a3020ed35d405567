import test from 'ava';
import { z } from 'zod';
import { defineCriterion, fromCriterion, type Plan, PrunebenchError, type Step, trainOptions } from '../src/index.ts';
import { denseNetwork } from './networks.ts';

const criterion = (more: Partial<ReturnType<typeof plain>> = {}) => ({ ...plain(), ...more });
const plain = () =>
  defineCriterion({
    id: 'weight-power',
    title: 'Power of the weight',
    citation: { authors: 'A', title: 'T', year: 2000, venue: 'V', url: 'https://example.org' },
    taxonomy: 'magnitude',
    options: z.strictObject({ power: z.number().default(2) }),
    granularity: ['weight', 'unit'],
    needs: ['weights'],
    when: 'any',
    score: () => ({}),
  });

test('an entry whose function has another name is refused where it is defined', (t) => {
  const { score: scores, ...rest } = plain();
  t.throws(() => Reflect.apply(defineCriterion, undefined, [{ ...rest, scores }]), {
    instanceOf: PrunebenchError,
    message: 'Criterion weight-power has no function score.',
  });
});

const pretrain = trainOptions.parse({ epochs: 8, learningRate: 0.1 });
const retrain = trainOptions.parse({ epochs: 3, learningRate: 0.05 });
const network = denseNetwork([4, 3, 2]);

function steps(options: Record<string, unknown>, plan: Partial<Plan> = {}, of = criterion()): readonly Step[] {
  const method = fromCriterion(of);
  return method.steps({ network, at: { sparsity: 0.9 }, pretrain, retrain, ...plan, options });
}

/** "P0.9" for a pruning step, "P0.9(0.5,0.75)" with what it passes on the way, "T8" for training of 8 epochs, "R" for fresh weights. */
function shorthand(list: readonly Step[]): string {
  const round = (value: unknown) => Number((value as number).toFixed(4));
  return list
    .map(({ kind, options }) => {
      if (kind === 'train') return `T${options.epochs}`;
      if (kind === 'reinitialize') return 'R';
      const via = options.via as number[];
      return `P${round(options.sparsity)}${via.length > 0 ? `(${via.map(round)})` : ''}`;
    })
    .join(' ');
}

const iterative = { kind: 'iterative', rate: 0.5 };

test('the order of steps', (t) => {
  const initialization = criterion({ when: 'initialization' });
  t.is(shorthand(steps({})), 'T8 P0.9 T3');
  t.is(shorthand(steps({ schedule: iterative })), 'T8 P0.5 T3 P0.75 T3 P0.875 T3 P0.9 T3');
  t.is(shorthand(steps({ schedule: iterative, retrain: 'last-round' })), 'T8 P0.9(0.5,0.75,0.875) T3');
  t.is(shorthand(steps({ schedule: iterative }, { retrain: null })), 'T8 P0.9(0.5,0.75,0.875)');
  t.is(shorthand(steps({}, {}, initialization)), 'P0.9 T8 T3');
  t.is(shorthand(steps({ when: 'initialization' })), 'P0.9 T8 T3');
  t.is(shorthand(steps({ when: 'trained' }, {}, initialization)), 'T8 P0.9 T3');
  t.is(
    shorthand(steps({ schedule: { kind: 'exponential', rounds: 2 } }, { at: { sparsity: 0.99 } }, initialization)),
    'P0.99(0.9) T8 T3',
  );
  t.is(shorthand(steps({}, { pretrain: null, retrain: null }, initialization)), 'P0.9');
  t.is(shorthand(steps({}, { at: { sparsity: 0 } })), 'T8 P0 T3');
});

test('the controls', (t) => {
  t.is(shorthand(steps({ control: 'reinitialize' })), 'T8 P0.9 R T8 T3');
  t.is(
    shorthand(steps({ control: 'reinitialize', schedule: iterative }, { at: { sparsity: 0.75 } })),
    'T8 P0.5 T3 P0.75 R T8 T3',
  );
  t.is(shorthand(steps({ control: 'reinitialize', when: 'initialization' })), 'P0.9 R T8 T3');
  t.is(shorthand(steps({ control: 'reinitialize' }, { pretrain: null })), 'P0.9 R T3');
  const shuffled = steps({ control: 'shuffle-masks', schedule: iterative });
  t.is(shorthand(shuffled), shorthand(steps({ schedule: iterative })));
  t.true(shuffled.filter(({ kind }) => kind === 'prune').every(({ options }) => options.shuffle === true));
});

test('a pruning step carries everything that decides it', (t) => {
  const [, prune] = steps({
    criterion: { power: 3 },
    scope: 'layerwise',
    allocation: 'erk',
    granularity: 'unit',
    allowLayerCollapse: true,
  });
  t.deepEqual(prune, {
    kind: 'prune',
    options: {
      criterion: 'weight-power',
      criterionOptions: { power: 3 },
      sparsity: 0.9,
      via: [],
      scope: 'layerwise',
      allocation: 'erk',
      exclude: [],
      of: 'weights',
      granularity: 'unit',
      allowLayerCollapse: true,
      shuffle: false,
    },
  });
  t.deepEqual(steps({})[1].options.criterionOptions, { power: 2 });
});

test('options that fit nothing are refused by name', (t) => {
  const { options } = fromCriterion(criterion({ granularity: ['weight'] }));
  const refused = (value: unknown, message: RegExp) => t.throws(() => options.parse(value), { message });
  refused({ shedule: iterative }, /shedule/);
  refused({ criterion: { pover: 1 } }, /pover/);
  refused({ granularity: 'unit' }, /granularity/);
  refused({ allocation: 'erk' }, /no effect in scope global/);
  refused({ scope: 'layerwise', allocation: { 'fc1/kernel': 0.1 }, schedule: iterative }, /one sparsity only/);
  t.notThrows(() => options.parse({ scope: 'layerwise', allocation: { 'fc1/kernel': 0.1 } }));
  t.like(options.parse({}), { granularity: 'weight' });
  t.like(fromCriterion(criterion({ granularity: ['unit'] })).options.parse({}), { granularity: 'unit' });
});

test('the method is named after its criterion', (t) => {
  const { id, title, citation, taxonomy } = fromCriterion(criterion());
  t.deepEqual(
    { id, title, taxonomy, citation },
    { id: 'weight-power', title: 'Power of the weight', taxonomy: 'magnitude', citation: plain().citation },
  );
});

test('a share of units is asked of a method that removes units, and a strength of none', (t) => {
  const units = { at: { units: 0.5 } };
  t.is(shorthand(steps({ granularity: 'unit' }, units)), 'T8 P0.5 T3');
  t.throws(() => steps({}, units), { instanceOf: PrunebenchError, message: /asked for a share of units/ });
  t.throws(() => steps({}, { at: { lambda: 0.001 } }), { instanceOf: PrunebenchError, message: /lambda \(0\.001\)/ });
});
