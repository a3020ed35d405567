/** `--set <path>=<value>`: what a trial declares, with one option changed. */
import { isObject, PrunebenchError, type TrialDeclaration, trainOptions } from '@prunebench/core';
import { z } from 'zod';
import { lookUp, nearest } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import { allowedValues, kindsWith, type OptionSchema, optionPaths, optionSchema, schemasAt } from './option-paths.ts';

/** One `--set`, read. */
export interface Override {
  /** First of it: the part of a trial that it changes. */
  readonly root: Root;
  /** The option below it; empty for the whole part. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The parts of a declared trial that have options. */
const roots = ['pretrain', 'retrain', 'options'] as const;
type Root = (typeof roots)[number];

/** A training is options or null: none at all. */
const TRAINING: OptionSchema = { anyOf: [optionSchema(trainOptions), { type: 'null' }] };

/**
 * Reads "retrain.epochs=2" or "options.schedule.kind=iterative": a value is JSON, or a text that is none.
 *
 * @throws PrunebenchError for text without "="
 */
function parseOverride(text: string): { readonly path: readonly string[]; readonly value: unknown } {
  const at = text.indexOf('=');
  if (at <= 0)
    throw new PrunebenchError(`--set ${text} is not of the form path=value.`, {
      remedy: 'Write for instance --set retrain.epochs=2.',
    });
  return { path: text.slice(0, at).trim().split('.'), value: givenValue(text.slice(at + 1).trim()) };
}

function givenValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Reads every `--set` and holds its path against the options that the trials have.
 *
 * @throws PrunebenchError for text that is none, a path that no trial has an option at, and one that is set twice
 */
export function parseOverrides(
  texts: readonly string[],
  trials: readonly TrialDeclaration[],
  registry: Registry,
): readonly Override[] {
  const seen = new Set<string>();
  return texts.map((text): Override => {
    const { path, value } = parseOverride(text);
    const name = path.join('.');
    if (seen.has(name))
      throw new PrunebenchError(`--set ${name} is given twice.`, { remedy: 'Give every option one value.' });
    seen.add(name);
    const [first, ...rest] = path;
    const root = roots.find((each) => each === first);
    const schemas = root === undefined ? [] : trials.flatMap((trial) => schemaOf(trial, root, registry));
    if (root === undefined || (rest.length === 0 && root === 'options') || schemasAt(schemas, rest).length === 0)
      throw unknownPath(name, trials, registry);
    return { root, path: rest, value };
  });
}

/** The options of a part of a trial; none for a training that the trial does not have. */
function schemaOf(trial: TrialDeclaration, root: Root, registry: Registry): readonly OptionSchema[] {
  if (root !== 'options') return [TRAINING];
  return [optionSchema(lookUp(registry.methods, 'method', trial.method).options)];
}

function unknownPath(name: string, trials: readonly TrialDeclaration[], registry: Registry): PrunebenchError {
  const known = roots.flatMap((root) => {
    const paths = optionPaths(uniqueMethods(trials).flatMap((trial) => schemaOf(trial, root, registry)));
    return [...(root === 'options' ? [] : [root]), ...paths.map((path) => `${root}.${path}`)];
  });
  const meant = meantBy(name, known) ?? nearest(name, known) ?? known.find((path) => below(path) === name);
  const all = (path: string) =>
    roots.flatMap((root) =>
      trials.flatMap((trial) =>
        path.startsWith(`${root}.`) ? schemasAt(schemaOf(trial, root, registry), path.split('.').slice(1)) : [],
      ),
    );
  const hint = meant === undefined ? '' : `Did you mean ${meant} (${allowedValues(all(meant))})? `;
  // What cannot be meant by a path with another beginning is not listed.
  const root = name.split('.')[0];
  const listed = known.filter((path) => path.startsWith(`${root}.`));
  return new PrunebenchError(`--set ${name}: the trials have no such option.`, {
    remedy: `${hint}Options: ${(listed.length > 0 ? listed : known).join(', ')}.`,
  });
}

/** What options are called elsewhere. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ lr: 'learningRate', learning_rate: 'learningRate', rate: 'learningRate' },
  ...{ wd: 'weightDecay', decay: 'weightDecay', weight_decay: 'weightDecay', l2: 'weightDecay' },
  ...{ bs: 'batchSize', batch: 'batchSize', batch_size: 'batchSize', epoch: 'epochs', momentum: 'optimizer.momentum' },
};

/** The option that another program's name stands for, in the part of a trial that is named, if any. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  const parts = name.split('.');
  const own = otherNames[(parts.at(-1) ?? '').toLowerCase()];
  if (own === undefined) return undefined;
  return (
    known.find((path) => path === [...parts.slice(0, -1), own].join('.')) ?? known.find((path) => below(path) === own)
  );
}

/** A path without the part of the trial that it begins with. */
function below(path: string): string {
  return path.split('.').slice(1).join('.');
}

function uniqueMethods(trials: readonly TrialDeclaration[]): readonly TrialDeclaration[] {
  return [...new Map(trials.map((trial) => [trial.method, trial])).values()];
}

/**
 * The declaration with the options changed that it has. A training that it leaves out stays left out unless it is set as a whole; an
 * option that its method does not have says nothing about it. A new `kind` drops what belongs to the old one.
 *
 * @throws PrunebenchError naming the override whose value is not allowed, and what is
 */
export function overridden(
  trial: TrialDeclaration,
  overrides: readonly Override[],
  registry: Registry,
): { readonly trial: TrialDeclaration; readonly applied: readonly Override[] } {
  const applied = overrides.filter(
    ({ root, path }) =>
      (root === 'options' || trial[root] !== null || path.length === 0) &&
      schemasAt(schemaOf(trial, root, registry), path).length > 0,
  );
  // What a kind has follows the kind.
  const kindsFirst = applied.toSorted((a, b) => rank(a) - rank(b));
  let changed = trial;
  for (const root of roots) {
    const own = kindsFirst.filter((override) => override.root === root);
    if (own.length > 0) changed = { ...changed, [root]: changedPart(changed, root, own, registry) };
  }
  return { trial: changed, applied };
}

/** A part of a trial with its overrides, which its schema takes. */
function changedPart(trial: TrialDeclaration, root: Root, overrides: readonly Override[], registry: Registry): unknown {
  const { options } = lookUp(registry.methods, 'method', trial.method);
  const schema = root === 'options' ? options : z.nullable(trainOptions);
  const given = trial[root] ?? (root === 'options' ? {} : null);
  const parsed = schema.safeParse(given);
  const filled = parsed.success ? parsed.data : undefined;
  const value = overrides.reduce<unknown>((node, { path, value }) => withValue(node, path, value, filled), given);
  const result = schema.safeParse(value);
  if (!result.success) throw refused(result.error.issues[0], overrides, schemaOf(trial, root, registry));
  return value;
}

function rank({ path }: Override): number {
  return path.at(-1) === 'kind' ? path.length : path.length + 1000;
}

/** `node` with a value at a path; objects that are missing on the way begin as `filled`, the same with its defaults, has them. */
function withValue(node: unknown, path: readonly string[], value: unknown, filled: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const base = isObject(node) ? node : isObject(filled) ? filled : {};
  if (rest.length === 0 && name === 'kind') return base.kind === value ? base : { kind: value };
  const below = isObject(filled) ? filled[name] : undefined;
  return { ...base, [name]: withValue(base[name] ?? below, rest, value, below) };
}

/** The one error for values that a part of a trial does not take. */
function refused(
  { path, message }: z.core.$ZodIssue,
  overrides: readonly Override[],
  schemas: readonly OptionSchema[],
): PrunebenchError {
  const place = path.map(String);
  const common = (override: Override) => override.path.findIndex((name, i) => name !== place[i]);
  const depth = (override: Override) => (common(override) < 0 ? override.path.length : common(override));
  const blamed = overrides.toSorted((a, b) => depth(b) - depth(a))[0];
  const name = [blamed.root, ...blamed.path].join('.');
  const holder = schemasAt(schemas, blamed.path.slice(0, -1));
  const kinds = kindsWith(holder, blamed.path.at(-1) ?? '');
  const kindHint =
    kinds.length === 0 || blamed.path.at(-1) === 'kind'
      ? ''
      : ` It belongs to kind ${kinds.join(' or ')}: --set ${[blamed.root, ...blamed.path.slice(0, -1), 'kind'].join('.')}=${kinds[0]}.`;
  return new PrunebenchError(`--set ${name}=${shownValue(blamed.value)}: ${message}.`, {
    remedy: `Allowed: ${allowedValues(schemasAt(schemas, blamed.path))}.${kindHint}`,
  });
}

/** A value as it is typed. */
export function shownValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
