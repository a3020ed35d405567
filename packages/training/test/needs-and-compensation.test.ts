import {
  type Criterion,
  type Masks,
  PrunebenchError,
  pruneOptions,
  type Scored,
  type State,
  type Subject,
} from '@prunebench/core';
import { contractViolations, mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { pruneStep } from '../src/steps/prune.ts';
import { absolute, criterionOf } from './support/criteria.ts';
import { sessionOf } from './support/session.ts';

const network = mlp([4, 6, 3]);
const dataset = toyDataset({ inputShape: [4], classes: 3 });
const start: State = { parameters: randomParameters(network), masks: {} };
const prune = (criterion: Criterion, more: Record<string, unknown> = {}) =>
  pruneStep.run(
    sessionOf({ network, dataset, criteria: [criterion] }),
    start,
    pruneOptions.parse({ criterion: criterion.id, sparsity: 0.5, ...more }),
  );

const readers: Readonly<Record<string, (subject: Subject) => unknown>> = {
  parameters: ({ parameters }) => parameters,
  initialParameters: ({ initialParameters }) => initialParameters,
  variables: ({ variables }) => variables,
  batches: ({ batches }) => [...batches({ batchSize: 2 })],
};
const openedBy: Readonly<Record<string, Criterion['needs']>> = {
  parameters: ['weights'],
  initialParameters: ['initial-weights'],
  variables: ['variables'],
  batches: ['activations'],
};

for (const [part, read] of Object.entries(readers))
  test(`${part} that a criterion did not ask for are refused, by name, in a run and in the contract`, async (t) => {
    const scores = absolute({ ...start, network } as Subject);
    const criterion = (needs: Criterion['needs']) =>
      criterionOf({
        needs,
        score(subject) {
          read(subject);
          return scores;
        },
      });
    const message = new RegExp(`Criterion toy-criterion reads the ${part} of its subject`);
    const error = await t.throwsAsync(prune(criterion(['nothing'])), { instanceOf: PrunebenchError, message });
    t.true(error.message.includes(openedBy[part][0]));
    t.true((await contractViolations(criterion(['nothing']), network)).some((sentence) => message.test(sentence)));
    await t.notThrowsAsync(prune(criterion(openedBy[part])));
    t.deepEqual(await contractViolations(criterion(openedBy[part]), network), []);
  });

/** Scores |w|, and doubles what stays; counts how often it starts from nothing. */
function doubling(more: Partial<Criterion> = {}) {
  let curvatures = 0;
  const doubled = ({ parameters }: Subject) =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, values }]) => [
        name,
        { shape, values: values.map((w) => 2 * w) },
      ]),
    );
  const criterion = criterionOf({
    score(subject): Scored {
      curvatures++;
      return { scores: absolute(subject), compensate: () => doubled(subject) };
    },
    compensate(subject) {
      curvatures++;
      return doubled(subject);
    },
    ...more,
  });
  return { criterion, curvatures: () => curvatures };
}

test('a compensation that comes with the scores is used, and the criterion starts once', async (t) => {
  const { criterion, curvatures } = doubling();
  const { state } = await prune(criterion);
  t.is(curvatures(), 1);
  const kernel = state.parameters['fc1/kernel'].values;
  const kept: Masks = state.masks;
  kernel.forEach((value, i) => {
    t.is(value, kept['fc1/kernel'][i] * 2 * start.parameters['fc1/kernel'].values[i] || 0);
  });
});

test('each round has a compensation of its own', async (t) => {
  const { criterion, curvatures } = doubling();
  const { state } = await prune(criterion, { via: [0.2, 0.4] });
  t.is(curvatures(), 3);
  const index = state.masks['fc1/kernel'].indexOf(1);
  t.is(state.parameters['fc1/kernel'].values[index], 8 * start.parameters['fc1/kernel'].values[index]);
});

test('where weights return, what was scored is not what is compensated', async (t) => {
  const { criterion, curvatures } = doubling({ regrows: true });
  await prune(criterion, { via: [0.2] });
  t.is(curvatures(), 4);
});

test('a compensation that changes the masks is one clear error', async (t) => {
  const criterion = criterionOf({
    score: (subject): Scored => ({
      scores: absolute(subject),
      compensate(masks) {
        masks['fc1/kernel'].fill(1);
        return subject.parameters;
      },
    }),
  });
  await t.throwsAsync(prune(criterion), {
    instanceOf: PrunebenchError,
    message: /changed the new mask of fc1\/kernel/,
  });
});
