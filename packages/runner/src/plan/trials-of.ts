import { type Benchmark, messageOf, PrunebenchError, type ScaleName, type TrialDeclaration } from '@prunebench/core';

const REMEDY = 'Correct it where the benchmark is declared; docs/how-to-add-a-benchmark.md shows a whole one.';

/**
 * What a benchmark declares at a scale, as its own `trials` gives it.
 *
 * @throws PrunebenchError naming the benchmark and the scale, where `trials` throws, returns no list, or an empty one
 */
export function trialsOf(benchmark: Benchmark, scale: ScaleName): readonly TrialDeclaration[] {
  const fault = (what: string, remedy: string, cause?: unknown) =>
    new PrunebenchError(`Benchmark ${benchmark.id}: its function trials ${what} for scale ${scale}.`, {
      remedy,
      cause,
    });
  let trials: readonly TrialDeclaration[];
  try {
    trials = benchmark.trials(scale);
  } catch (error) {
    if (error instanceof PrunebenchError) throw error;
    throw fault(`throws "${messageOf(error)}"`, REMEDY, error);
  }
  if (!Array.isArray(trials)) throw fault(`returns ${trials === null ? 'null' : typeof trials} and no list`, REMEDY);
  if (trials.length === 0) throw fault('returns an empty list', `Choose another --scale, or declare trials. ${REMEDY}`);
  return trials;
}
