import { type Criterion, type Network, prunableSpecs, prunableUnits, type Scores, sizeOf } from '@prunebench/core';
import { randomParameters } from './parameters.ts';
import { subjectOf } from './subject.ts';

/**
 * What is wrong with a criterion on a network, as sentences; none for a criterion that keeps its contract: it scores every
 * kernel that its granularity names, with finite numbers of the right count, the same ones each time, and changes nothing
 * of its subject.
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
  const score = (subject = subjectOf(network, randomParameters(network))) => criterion.score(subject, parsed);

  const subject = subjectOf(network, randomParameters(network));
  const scores = await score(subject);
  if (JSON.stringify(subject.parameters) !== JSON.stringify(randomParameters(network)))
    violations.push('changes the parameters of its subject');
  if (JSON.stringify(await score()) !== JSON.stringify(scores)) violations.push('scores the same subject differently');
  return [
    ...violations,
    ...criterion.granularity.flatMap((granularity) => shapeViolations(scores, network, granularity)),
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
