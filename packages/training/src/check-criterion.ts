import {
  type Criterion,
  DivergenceError,
  firstNotFinite,
  type Granularity,
  type Masks,
  type Network,
  type ParameterRecord,
  PrunebenchError,
  prunableSpecs,
  prunableUnits,
  type Scores,
  sizeOf,
} from '@prunebench/core';

/*
 * What a criterion hands over is checked before it is used, so that a mistake in it is reported under its name
 * and never becomes a plausible number in a table.
 */

/** @throws PrunebenchError naming the criterion, and the option that is wrong */
export function parseOptions(criterion: Criterion, options: unknown): unknown {
  const parsed = criterion.options.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue.path.length > 0 ? ` option ${issue.path.join('.')}` : ' options';
  throw new PrunebenchError(`Criterion ${criterion.id},${where}: ${issue.message}.`, {
    remedy: 'Correct the option where the benchmark declares it.',
  });
}

/**
 * One finite score for each weight of each prunable kernel (or for each unit of each kernel whose units may be removed), and no
 * others; a threshold rule, which ranks by itself, may also score other parameters that it removes from, such as biases.
 *
 * @throws PrunebenchError naming criterion and layer
 * @throws DivergenceError naming criterion, layer and index for a score that is not finite
 */
export function checkScores(criterion: Criterion, network: Network, scores: Scores, granularity: Granularity): void {
  const fault = faultOf(criterion);
  const units = new Set(prunableUnits(network));
  const specs = prunableSpecs(network).filter(({ name }) => granularity === 'weight' || units.has(name));
  const extra = Object.keys(scores).find((name) => !specs.some((spec) => spec.name === name));
  if (extra !== undefined && !criterion.threshold)
    throw fault(`scores ${extra}, which is not prunable at granularity ${granularity}`);
  for (const { name, shape } of specs) {
    const values = scores[name];
    if (!values) throw fault(`gives no scores for ${name}`);
    const wanted = granularity === 'weight' ? sizeOf(shape) : shape[shape.length - 1];
    if (values.length !== wanted)
      throw fault(`gives ${values.length} scores for ${name}, which has ${wanted} ${granularity}s`);
    const bad = firstNotFinite(values);
    if (bad >= 0) throw diverged(criterion, `gives the score ${values[bad]} for ${name}, flat index ${bad}`);
  }
}

/**
 * Masks of a threshold rule: 0 or 1 for parameters of the network, and nothing that was removed comes back.
 *
 * @throws PrunebenchError naming criterion and layer
 */
export function checkMasks(criterion: Criterion, parameters: ParameterRecord, before: Masks, after: Masks): void {
  const fault = faultOf(criterion);
  const dropped = Object.keys(before).find((name) => !after[name]);
  if (dropped !== undefined) throw fault(`gives no mask for ${dropped}, which is pruned already`);
  for (const [name, mask] of Object.entries(after)) {
    const wanted = parameters[name]?.values.length;
    if (mask.length !== wanted)
      throw fault(`gives a mask of ${mask.length} values for ${name}, which has ${wanted ?? 0}`);
    if (mask.some((bit) => bit > 1)) throw fault(`gives a mask for ${name} that is not made of zeros and ones`);
    if (mask.some((bit, i) => bit === 1 && before[name]?.[i] === 0))
      throw fault(`brings pruned weights of ${name} back`);
  }
}

/**
 * Compensated parameters: the same names and shapes, finite.
 *
 * @throws PrunebenchError naming criterion and parameter
 * @throws DivergenceError naming criterion, parameter and index for a value that is not finite
 */
export function checkCompensation(criterion: Criterion, before: ParameterRecord, after: ParameterRecord): void {
  const fault = faultOf(criterion);
  for (const [name, { shape }] of Object.entries(before)) {
    if (String(after[name]?.shape) !== String(shape) || after[name].values.length !== sizeOf(shape))
      throw fault(`does not give ${name} back in its shape [${shape}] when it compensates`);
    const bad = firstNotFinite(after[name].values);
    if (bad >= 0) throw diverged(criterion, `compensates ${name} with ${after[name].values[bad]}, flat index ${bad}`);
  }
}

function faultOf(criterion: Criterion) {
  return (what: string) =>
    new PrunebenchError(`Criterion ${criterion.id} ${what}.`, { remedy: 'Correct the criterion.' });
}

/** A result: the same network gives it again. */
function diverged(criterion: Criterion, what: string): DivergenceError {
  const remedy = 'This is a mistake in the criterion, or the network has diverged before it was scored.';
  return new DivergenceError(`Criterion ${criterion.id} ${what}.`, remedy);
}
