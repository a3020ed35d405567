import type { ParameterRecord } from './parameters.ts';

/** A value that no network can compute with, and where it stands in its parameter (flat, row-major). */
export interface NotFinite {
  readonly name: string;
  readonly index: number;
  readonly value: number;
}

/** The first NaN or infinite value among the parameters, in layer order; undefined where all are finite. */
export function firstNotFinite(parameters: ParameterRecord): NotFinite | undefined {
  // `findIndex` would call a function for each of a network's millions of weights.
  for (const [name, { values }] of Object.entries(parameters))
    for (let index = 0; index < values.length; index++)
      if (!Number.isFinite(values[index])) return { name, index, value: values[index] };
  return undefined;
}
