import { isDeepStrictEqual } from 'node:util';
import {
  type Criterion,
  checkScores,
  limitedTo,
  type Masks,
  type Network,
  PrunebenchError,
  prunableSpecs,
  type Subject,
  scored,
  sizeOf,
} from '@prunebench/core';
import { randomParameters } from './parameters.ts';
import { subjectOf } from './subject.ts';

/**
 * What is wrong with a criterion on a network, as sentences; none for a criterion that keeps its contract: it scores every
 * kernel that its granularity names, with finite numbers of the right count, the same ones each time, reads nothing that its `needs` do
 * not name, and changes nothing of its subject, neither here nor when it compensates or cuts off.
 *
 * @param options the criterion's own options; its defaults are filled in
 */
export async function contractViolations(
  criterion: Criterion,
  network: Network,
  options: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  const violations: string[] = [];
  if (criterion.options.safeParse({ 'no-such-option': 1 }).success) violations.push('accepts an unknown option');
  try {
    violations.push(...(await violationsOf(criterion, network, options)));
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    violations.push(error.message);
  }
  return violations;
}

async function violationsOf(criterion: Criterion, network: Network, options: unknown): Promise<readonly string[]> {
  const violations: string[] = [];
  const subject = () => subjectOf(network, randomParameters(network), { masks: thirdsOf(network) });
  const watched = async <T>(what: string, call: (shown: Subject) => Promise<T> | T): Promise<T> => {
    const shown = subject();
    const result = await call(limitedTo(criterion, shown));
    violations.push(...changesOf(shown, subject()).map((name) => `changes ${name} of its subject when it ${what}`));
    return result;
  };
  const masks = thirdsOf(network, 2);
  const untouched = (what: string) => {
    if (!isDeepStrictEqual(masks, thirdsOf(network, 2))) violations.push(`changes the new masks when it ${what}`);
  };

  const { scores, compensated } = await watched('scores', async (shown) => {
    const { scores, compensate } = await scored(criterion, shown, options);
    return { scores, compensated: await compensate?.(masks) };
  });
  untouched('scores');
  const again = await scored(criterion, limitedTo(criterion, subject()), options);
  if (JSON.stringify(again.scores) !== JSON.stringify(scores)) violations.push('scores the same subject differently');
  const { threshold, compensate } = criterion;
  if (threshold) await watched('cuts off', (shown) => threshold(scores, shown, options));
  if (compensate) {
    const alone = await watched('compensates', (shown) => compensate(shown, masks, options));
    untouched('compensates');
    if (compensated && !isDeepStrictEqual(alone, compensated))
      violations.push('compensates differently when it has scored before');
  }
  for (const granularity of criterion.granularity)
    checkScores(network, scores, granularity, { by: `Criterion ${criterion.id}` });
  return violations;
}

/** Masks that remove the first `removed` of every three weights of each kernel. */
function thirdsOf(network: Network, removed = 1): Masks {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [
      name,
      Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i % 3 < removed ? 0 : 1)),
    ]),
  );
}

/** What of a subject is not as in a fresh one, in words. */
function changesOf(shown: Subject, fresh: Subject): readonly string[] {
  const changed = (records: 'parameters' | 'masks' | 'initialParameters', what: string) =>
    [...new Set([...Object.keys(fresh[records]), ...Object.keys(shown[records])])]
      .filter((name) => !isDeepStrictEqual(shown[records][name], fresh[records][name]))
      .map((name) => `${what} ${name}`);
  return [
    ...changed('parameters', 'parameter'),
    ...changed('masks', 'the mask of'),
    ...(shown.initialParameters === shown.parameters ? [] : changed('initialParameters', 'the initial parameter')),
    ...(isDeepStrictEqual(shown.network, fresh.network) ? [] : ['the network']),
  ];
}
