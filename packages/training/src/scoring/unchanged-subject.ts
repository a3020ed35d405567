import {
  type Criterion,
  limitedTo,
  type Masks,
  type ParameterArray,
  type ParameterRecord,
  PrunebenchError,
  type Scored,
  type Scores,
  type Subject,
  scored,
} from '@prunebench/core';
import { spentTime } from '../spent-time.ts';
import { checksum } from './checksum.ts';

/*
 * A criterion that changes what it is shown (`values.sort()`) would silently go on with another network. Typed arrays cannot be
 * frozen, so checksums are taken before and after every call.
 */

/**
 * The criterion's scores of a subject, and its compensation where that comes with them. It sees what it needs and nothing else.
 *
 * @throws PrunebenchError naming the criterion and what it has changed, or what it has read without asking for it
 */
export async function scoreOf(
  criterion: Criterion,
  subject: Subject,
  options: unknown,
): Promise<{ readonly scores: Scores; readonly compensate?: Scored['compensate'] }> {
  const { scores, compensate } = await spentTime.during('scoring', () =>
    unchanged(criterion, subject, {}, (shown) => scored(criterion, shown, options)),
  );
  if (!compensate) return { scores };
  return {
    scores,
    compensate: (masks) => unchanged(criterion, subject, { 'the new mask of': masks }, () => compensate(masks)),
  };
}

/**
 * The masks of a threshold rule, which gets copies of the scores: other trials may share them.
 *
 * @throws PrunebenchError as `scoreOf`
 */
export function thresholdOf(
  criterion: Criterion & Required<Pick<Criterion, 'threshold'>>,
  scores: Scores,
  subject: Subject,
  options: unknown,
): Promise<Masks> {
  const own = Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, values.slice()]));
  return unchanged(criterion, subject, { 'the score of': own }, (shown) => criterion.threshold(own, shown, options));
}

/**
 * The parameters of a criterion that compensates for what `masks` removes.
 *
 * @throws PrunebenchError as `scoreOf`
 */
export function compensationOf(
  criterion: Criterion & Required<Pick<Criterion, 'compensate'>>,
  subject: Subject,
  masks: Masks,
  options: unknown,
): Promise<ParameterRecord> {
  return unchanged(criterion, subject, { 'the new mask of': masks }, (shown) =>
    criterion.compensate(shown, masks, options),
  );
}

type Arrays = Readonly<Record<string, ParameterArray | Uint8Array | Float32Array | Float64Array>>;

async function unchanged<T>(
  criterion: Criterion,
  subject: Subject,
  more: Readonly<Record<string, Arrays>>,
  call: (shown: Subject) => Promise<T> | T,
): Promise<T> {
  const seals = [
    new Seal('parameter', subject.parameters),
    new Seal('the mask of', subject.masks),
    new Seal('the variable', subject.variables ?? {}),
    ...Object.entries(more).map(([what, arrays]) => new Seal(what, arrays)),
  ];
  const network = JSON.stringify(subject.network);
  const watched: Subject = {
    network: subject.network,
    parameters: subject.parameters,
    masks: subject.masks,
    variables: subject.variables,
    random: subject.random,
    batches: (options) => subject.batches(options),
    // They are drawn when they are asked for.
    get initialParameters() {
      const initial = subject.initialParameters;
      if (!seals.some((seal) => seal.arrays === initial)) seals.push(new Seal('the initial parameter', initial));
      return initial;
    },
  };
  const result = await call(limitedTo(criterion, watched));
  const changed = seals.map((seal) => seal.broken()).find((name) => name !== undefined);
  const what = changed ?? (JSON.stringify(subject.network) === network ? undefined : 'the network');
  if (what === undefined) return result;
  throw new PrunebenchError(`Criterion ${criterion.id} changed ${what} of its subject.`, {
    remedy: 'Copy what is to be sorted or written to: values.slice().sort().',
  });
}

/** What arrays were when it was put on them. */
class Seal {
  readonly arrays: Arrays;
  readonly #what: string;
  readonly #sums: ReadonlyMap<string, number>;

  /** @param what goes before an array's name in a message */
  constructor(what: string, arrays: Arrays) {
    this.#what = what;
    this.arrays = arrays;
    this.#sums = sumsOf(arrays);
  }

  /** The first array that is not what it was, in words. */
  broken(): string | undefined {
    const now = sumsOf(this.arrays);
    const name = [...new Set([...this.#sums.keys(), ...now.keys()])].find(
      (key) => this.#sums.get(key) !== now.get(key),
    );
    return name === undefined ? undefined : `${this.#what} ${name}`;
  }
}

function sumsOf(arrays: Arrays): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(arrays).map(([name, array]) => [name, checksum(ArrayBuffer.isView(array) ? array : array.values)]),
  );
}
