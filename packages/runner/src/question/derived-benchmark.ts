/** A benchmark asked another question: with options changed, at other sparsities, with other seeds. Its table has a name of its own. */
import {
  type Benchmark,
  canonicalJson,
  contentHash,
  DERIVED,
  isPlainChange,
  PrunebenchError,
  pointOf,
  positionOf,
  type ScaleName,
  scales,
  type TrialDeclaration,
} from '@prunebench/core';
import { trialsOf } from '../plan/trials-of.ts';
import type { Registry } from '../registry.ts';
import { shownList } from './lists.ts';
import { type Override, overridden, parseOverrides, shownValue } from './override.ts';

/** What is to be different. */
export interface Changes {
  /** Each "path=value". */
  readonly set: readonly string[];
  /** In place of the declared ones. */
  readonly sparsity?: readonly number[] | undefined;
  readonly seed?: readonly number[] | undefined;
}

/** A benchmark with its changes made. */
export interface Derived {
  readonly benchmark: Benchmark;
  /** What a reader should know: which trials a change says nothing about, which series cannot be asked for another sparsity. */
  readonly notes: readonly string[];
}

/** Whether anything is asked for that the benchmark does not declare. */
export function isChanged({ set, sparsity, seed }: Changes): boolean {
  return set.length > 0 || sparsity !== undefined || seed !== undefined;
}

/**
 * The benchmark at one scale with the changes, under its own name: `<id>@<changes>`, or `<id>@<digest>` where the changes are long or hold
 * what a folder's name should not. Published values, comparisons and series stay.
 *
 * @throws PrunebenchError for an option that no trial has or a value that it does not take, and where no trial is left
 */
export function deriveBenchmark(benchmark: Benchmark, scale: ScaleName, changes: Changes, registry: Registry): Derived {
  const declared = trialsOf(benchmark, scale);
  const overrides = parseOverrides(changes.set, declared, registry);
  const results = declared.map((trial) => overridden(trial, overrides, registry));
  const notes = overrides.flatMap((override) => {
    const touched = results.filter(({ applied }) => applied.includes(override)).length;
    if (touched === 0) throw appliesToNone(override, benchmark.id, scale);
    return touched === results.length
      ? []
      : [`${nameOf(override)} changes ${touched} of ${results.length} trials: the others have no such option.`];
  });
  const changed = results.map(({ trial }) => trial);
  const asked =
    changes.sparsity === undefined ? { trials: changed, left: [] } : atSparsities(changed, changes.sparsity);
  if (asked.trials.length === 0)
    throw new PrunebenchError(`No series of ${benchmark.id} can be asked for another sparsity.`, {
      remedy: `They are asked for ${[...new Set(declared.map((trial) => Object.keys(pointOf(trial))[0]))].join(' or ')}, or are different at each sparsity.`,
    });
  const words = wordsOf(overrides, changes);
  return {
    benchmark: {
      ...benchmark,
      id: `${benchmark.id}${DERIVED}${label(words)}`,
      title: `${benchmark.title}; changed: ${words.join(', ')}`,
      changes: words,
      seeds: changes.seed === undefined ? benchmark.seeds : seedsAtAllScales(changes.seed.length),
      trials: (at) => (at === scale ? asked.trials : benchmark.trials(at)),
    },
    notes: [...notes, ...asked.left],
  };
}

function seedsAtAllScales(count: number): Benchmark['seeds'] {
  const [smoke, cpu, paper] = scales.map(() => count);
  return { smoke, cpu, paper };
}

/** The changes as they are typed, options by name. */
function wordsOf(overrides: readonly Override[], { sparsity, seed }: Changes): readonly string[] {
  return [
    ...overrides.map((override) => `${nameOf(override)}=${shownValue(override.value)}`).sort(),
    ...(sparsity === undefined ? [] : [`sparsity=${shownList(sparsity)}`]),
    ...(seed === undefined ? [] : [`seed=${shownList(seed)}`]),
  ];
}

/** The changes in a folder's name. */
export function label(words: readonly string[]): string {
  const readable = words.map((word) => word.replaceAll(',', '+')).join(',');
  return isPlainChange(readable) ? readable : contentHash(words).slice(0, 8);
}

function nameOf({ root, path }: Override): string {
  return [root, ...path].join('.');
}

function appliesToNone(override: Override, benchmark: string, scale: ScaleName): PrunebenchError {
  const { root } = override;
  return new PrunebenchError(`--set ${nameOf(override)}: no trial of ${benchmark} has a ${root} at scale ${scale}.`, {
    remedy: `Set the whole of it, as JSON: --set '${root}={"epochs":1,"learningRate":0.1}'.`,
  });
}

/**
 * Every series at these sparsities. Trials at sparsity 0, which prune nothing, stay; series that are asked for something else than a
 * sparsity, or that differ in more than it, are left out but for the trials that are declared at one of these.
 */
function atSparsities(
  trials: readonly TrialDeclaration[],
  sparsities: readonly number[],
): { readonly trials: readonly TrialDeclaration[]; readonly left: readonly string[] } {
  const series = Map.groupBy(trials, ({ dataset, network, series }) => JSON.stringify([dataset, network, series]));
  const left: string[] = [];
  const asked = [...series.values()].flatMap((of): readonly TrialDeclaration[] => {
    const name = `${of[0].series} (${of[0].network} on ${of[0].dataset})`;
    const withSparsity = of.filter((trial) => 'sparsity' in pointOf(trial));
    if (withSparsity.length === 0) {
      left.push(`${name} is left out: it is asked for no sparsity.`);
      return [];
    }
    if (withSparsity.every((trial) => positionOf(pointOf(trial)) === 0)) return withSparsity;
    const templates = new Set(withSparsity.map(({ sparsity: _, at: __, ...same }) => canonicalJson(same)));
    const missing: number[] = [];
    const found = sparsities.flatMap((sparsity): readonly TrialDeclaration[] => {
      const declared = withSparsity.find((trial) => positionOf(pointOf(trial)) === sparsity);
      if (declared) return [declared];
      if (templates.size > 1) missing.push(sparsity);
      const { sparsity: _, at: __, ...same } = withSparsity[0];
      return templates.size > 1 ? [] : [{ ...same, sparsity }];
    });
    if (missing.length > 0)
      left.push(
        `${name} has no trial at sparsity ${shownList(missing)}: its declaration is another one at each sparsity.`,
      );
    return found;
  });
  // A table of dense networks alone answers nothing that was asked.
  const prunes = asked.some((trial) => positionOf(pointOf(trial)) > 0) || sparsities.includes(0);
  return { trials: prunes ? asked : [], left };
}
