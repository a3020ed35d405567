import { z } from 'zod';

/** Names stand in the heads of columns, as "metric_best_fitness_mean_percent" in CSV files: no name there can mean another column. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const UNIT = /^[A-Za-z][A-Za-z0-9-]*$/;

/** A number that a step reports, and what it counts. */
const namedMetric = z.strictObject({
  /** Finite. */
  value: z.number(),
  /** "percent", "nats", "examples"; "ratio" for a number without a unit. */
  unit: z
    .string()
    .regex(
      UNIT,
      "must be letters, digits and dashes ('percent', 'multiply-adds'; 'ratio' for a number without a unit)",
    ),
});

/** Numbers for a record, by name ("rank-correlation"); open, since methods bring their own. */
export const namedMetrics = z.record(
  z.string().regex(NAME, 'a name must be small letters, digits and single dashes between them'),
  namedMetric,
);
export type NamedMetrics = Readonly<z.output<typeof namedMetrics>>;
