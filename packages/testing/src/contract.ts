import { isDeepStrictEqual } from 'node:util';
import {
  type Criterion,
  type Network,
  prunableSpecs,
  prunableUnits,
  type Scores,
  type Subject,
  sizeOf,
} from '@prunebench/core';
import { randomParameters } from './parameters.ts';
import { subjectOf } from './subject.ts';

/**
 * What is wrong with a criterion on a network, as sentences; none for a criterion that keeps its contract: it scores every
 * kernel that its granularity names, with finite numbers of the right count, the same ones each time, and changes nothing
 * of its subject, neither here nor when it compensates or cuts off.
 *
 * @param options the criterion's own options; its defaults are filled in
 */
export async function contractViolations<Options>(
  criterion: Criterion<Options>,
  network: Network,
  options: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  const violations: string[] = [];
  if (criterion.options.safeParse({ 'no-such-option': 1 }).success) violations.push('accepts an unknown option');
  const parsed = criterion.options.parse(options);
  const subject = () => subjectOf(network, randomParameters(network), { masks: thirdsOf(network) });
  const watched = async <T>(what: string, call: (shown: Subject) => Promise<T> | T): Promise<T> => {
    const shown = subject();
    const result = await call(shown);
    violations.push(...changesOf(shown, subject()).map((name) => `changes ${name} of its subject when it ${what}`));
    return result;
  };

  const scores = await watched('scores', (shown) => criterion.score(shown, parsed));
  if (JSON.stringify(await criterion.score(subject(), parsed)) !== JSON.stringify(scores))
    violations.push('scores the same subject differently');
  if (criterion.threshold) await watched('cuts off', (shown) => criterion.threshold!(scores, shown, parsed));
  if (criterion.compensate)
    await watched('compensates', (shown) => criterion.compensate!(shown, thirdsOf(network, 2), parsed));
  return [
    ...violations,
    ...criterion.granularity.flatMap((granularity) => shapeViolations(scores, network, granularity)),
  ];
}

/** Masks that remove the first `removed` of every three weights of each kernel. */
function thirdsOf(network: Network, removed = 1) {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [
      name,
      Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i % 3 < removed ? 0 : 1)),
    ]),
  );
}

/** What of a subject is not as in a fresh one, in words. */
function changesOf(shown: Subject, fresh: Subject): readonly string[] {
  const changed = (records: 'parameters' | 'masks', what: string) =>
    [...new Set([...Object.keys(fresh[records]), ...Object.keys(shown[records])])]
      .filter((name) => !isDeepStrictEqual(shown[records][name], fresh[records][name]))
      .map((name) => `${what} ${name}`);
  return [
    ...changed('parameters', 'parameter'),
    ...changed('masks', 'the mask of'),
    ...(isDeepStrictEqual(shown.network, fresh.network) ? [] : ['the network']),
  ];
}

function shapeViolations(scores: Scores, network: Network, granularity: 'weight' | 'unit'): readonly string[] {
  const unitKernels = new Set(prunableUnits(network));
  const expected = prunableSpecs(network)
    .filter(({ name }) => granularity === 'weight' || unitKernels.has(name))
    .map(({ name, shape }) => ({ name, size: granularity === 'weight' ? sizeOf(shape) : shape.at(-1)! }));
  const names = expected.map(({ name }) => name);
  const violations = expected.flatMap(({ name, size }) => {
    const kernelScores = scores[name];
    if (!kernelScores) return [`does not score ${name}`];
    if (kernelScores.length !== size) return [`gives ${kernelScores.length} scores for ${name}, which has ${size}`];
    return kernelScores.every(Number.isFinite) ? [] : [`gives a score for ${name} that is not finite`];
  });
  const extra = Object.keys(scores).filter((name) => !names.includes(name));
  return [...violations, ...extra.map((name) => `scores ${name}, which is not to be pruned`)];
}
