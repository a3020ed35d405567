/** What records may say besides what every table shows: an architecture, metrics of the method's own. */
import type { Measured } from '@prunebench/core';
import { type Estimate, estimate } from '../statistics/estimate.ts';

/** One number of an architecture: the units of a layer, or the features that a dense layer reads. */
export interface Place {
  readonly total: number;
  /** How many are left, mean over seeds. */
  readonly left: number;
}

/** A metric that the trials' steps report, over seeds. */
export interface NamedEstimate {
  readonly name: string;
  readonly unit: string;
  readonly estimate: Estimate;
}

type Layers = NonNullable<Measured['architecture']>;

/**
 * The places of an architecture as papers write them, "784-300-100": the units of every layer but the last, whose outputs are the
 * classes, and before a dense layer its inputs where they are not the units of the layer before: pixels, or features behind a flatten.
 */
function placesOf(layers: Layers): readonly { readonly total: number; readonly remaining: number }[] {
  return layers.flatMap(({ kind, inputs, units }, l) => {
    const features = kind === 'dense' && inputs.total !== layers[l - 1]?.units.total ? [inputs] : [];
    return l < layers.length - 1 ? [...features, units] : features;
  });
}

/** The architecture that the seeds of a cell end with, mean by place; null where a record does not say, and where their layers differ. */
export function architectureOver(seeds: readonly Measured[]): readonly Place[] | null {
  const known = seeds.flatMap(({ architecture }) => (architecture ? [placesOf(architecture)] : []));
  const [first] = known;
  if (!first || known.length < seeds.length || known.some(({ length }) => length !== first.length)) return null;
  return first.map((_, place) => ({
    total: Math.max(...known.map((places) => places[place]!.total)),
    left: known.reduce((sum, places) => sum + places[place]!.remaining, 0) / known.length,
  }));
}

/** The metrics that every seed of a cell reports in the same unit, by name. */
export function metricsOver(seeds: readonly Measured[]): readonly NamedEstimate[] {
  const all = seeds.flatMap(({ metrics = {} }) =>
    Object.entries(metrics).map(([name, { value, unit }]) => ({ name, unit, value })),
  );
  const groups = [...Map.groupBy(all, ({ name, unit }) => JSON.stringify([name, unit])).values()];
  const whole = groups.filter(({ length }) => length === seeds.length);
  return whole
    .flatMap((group): NamedEstimate[] => {
      const [{ name, unit }] = group;
      const over = estimate(group.map(({ value }) => value));
      return over ? [{ name, unit, estimate: over }] : [];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
