import {
  type Criterion,
  DivergenceError,
  firstNotFinite,
  type ParameterRecord,
  PrunebenchError,
  sizeOf,
} from '@prunebench/core';

/**
 * What a criterion hands over as compensation, before it is used: the same names and shapes, finite.
 *
 * @throws PrunebenchError naming criterion and parameter
 * @throws DivergenceError naming criterion, parameter and index for a value that is not finite
 */
export function checkCompensation({ id }: Criterion, before: ParameterRecord, after: ParameterRecord): void {
  for (const [name, { shape }] of Object.entries(before)) {
    if (String(after[name]?.shape) !== String(shape) || after[name].values.length !== sizeOf(shape))
      throw new PrunebenchError(
        `Criterion ${id} does not give ${name} back in its shape [${shape}] when it compensates.`,
        { remedy: 'Correct the criterion.' },
      );
    const bad = firstNotFinite(after[name].values);
    if (bad >= 0)
      throw new DivergenceError(
        `Criterion ${id} compensates ${name} with ${after[name].values[bad]}, flat index ${bad}.`,
        'This is a mistake in the criterion, or the network has diverged before it was scored.',
      );
  }
}
