import { z } from 'zod';
import { PrunebenchError } from '../errors.ts';
import { type Axis, axes } from './axes.ts';

const share = z.number().min(0).lt(1);

/**
 * The point of its axis that a trial is asked for: `sparsity`, the cumulative share of the prunable weights (of the units, for a method
 * that removes units and is not asked for a share of `units`), in [0, 1); `units`, a share of the neurons and filters, in [0, 1);
 * `multiplyAdds`, the share of the dense network's multiply-adds that goes at least, in [0, 1); or `lambda`, the strength of a penalty, for methods that ask for no share: what they reach is a result.
 */
export const axisPoint = z.union(
  [
    z.strictObject({ sparsity: share }),
    z.strictObject({ units: share }),
    z.strictObject({ multiplyAdds: share }),
    z.strictObject({ lambda: z.number().min(0) }),
  ],
  {
    error:
      'expected one of { sparsity }, { units } and { multiplyAdds }, shares in [0, 1), and { lambda }, a number that is not negative',
  },
);
export type AxisPoint = z.output<typeof axisPoint>;

/** What a trial says about its point: a bare `sparsity` is short for `at: { sparsity }`. */
export interface DeclaredPoint {
  readonly sparsity?: number | undefined;
  readonly at?: AxisPoint | undefined;
}

/**
 * The point that a trial, its spec or its declaration, is asked for.
 *
 * @throws PrunebenchError where there is none, or two
 */
export function pointOf({ sparsity, at }: DeclaredPoint): AxisPoint {
  if (at !== undefined && sparsity === undefined) return at;
  if (at === undefined && sparsity !== undefined) return { sparsity };
  throw new PrunebenchError(
    at === undefined ? 'A trial says at which point it is.' : 'A trial has a sparsity and a point of its own.',
    { remedy: 'Give it one of sparsity, at: { units }, at: { multiplyAdds } and at: { lambda }.' },
  );
}

/** The same as a spec holds it: a sparsity bare, as it was before there were other axes, so that trials keep their keys. */
export function specPoint(declared: DeclaredPoint): { readonly sparsity: number } | { readonly at: AxisPoint } {
  const point = pointOf(declared);
  return 'sparsity' in point ? point : { at: point };
}

/** The axis that a point is on. */
export function axisOf(point: AxisPoint): Axis {
  return axes.find((axis) => axis in point)!;
}

/** Where on its axis a point is, without rounding errors: 0.1 + 0.2 and 0.3 are one column of a table. */
export function positionOf(point: AxisPoint): number {
  const [position] = Object.values(point);
  return Number(position.toPrecision(12));
}

/**
 * The share of the weights or units that a point asks a method to remove, in [0, 1).
 *
 * @throws PrunebenchError for a strength, which asks for none, and for a share of the multiply-adds, of which `fromCriterion` knows how
 * many weights it takes
 */
export function shareAt(point: AxisPoint): number {
  if ('sparsity' in point) return point.sparsity;
  if ('units' in point) return point.units;
  if ('multiplyAdds' in point)
    throw new PrunebenchError(
      'The method removes a share of the weights, and is asked for a share of the multiply-adds.',
      {
        remedy: 'Declare a sparsity; multiply-adds are for methods that rank by a criterion.',
      },
    );
  throw new PrunebenchError(`A lambda (${point.lambda}) is no share that a method could remove.`, {
    remedy: 'Declare a sparsity, or at: { units }; a lambda is for methods that have a penalty.',
  });
}

/**
 * The strength of a penalty that a point asks for.
 *
 * @throws PrunebenchError for a share, which is what comes out of such a method
 */
export function strengthAt(point: AxisPoint): number {
  if ('lambda' in point) return point.lambda;
  throw new PrunebenchError(`The method's sparsity is an outcome, and it is asked for ${describePoint(point)}.`, {
    remedy: 'Declare the strength of its penalty instead, at: { lambda }.',
  });
}

/** A point in a few words, for messages: "sparsity 0.9", "0.25 of the multiply-adds left", "lambda 0.001". */
export function describePoint(point: AxisPoint): string {
  if ('multiplyAdds' in point) return `${Number((1 - point.multiplyAdds).toPrecision(12))} of the multiply-adds left`;
  return `${axisOf(point)} ${Object.values(point)[0]}`;
}
