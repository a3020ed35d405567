/**
 * Identities. A trial's key says what was asked for; a stage's key says, besides, on what it was computed. Both leave
 * out every option that has its default value, so that an option added later, with a default that means what was done
 * before, changes no key. A change of what a criterion's or method's options mean raises its `revision`, a change of what all
 * records mean `SCHEMA_VERSION`.
 */
import {
  canonicalJson,
  contentHash,
  type Network,
  SCHEMA_VERSION,
  type Step,
  type TrialSpec,
  trainOptions,
} from '@prunebench/core';
import type { KernelInitializer } from '@prunebench/network';
import type { z } from 'zod';
import type { Registry } from './registry.ts';

type Json = { [key: string]: unknown };

/**
 * `value` without the keys whose absence the schema fills in with the same value, at any depth.
 * A key is a default exactly when parsing without it gives what parsing with it gives.
 */
export function withoutDefaults(schema: z.ZodType, value: unknown): unknown {
  const root = structuredClone(schema.parse(value));
  const meaning = canonicalJson(root);
  const keepsMeaning = () => {
    const parsed = schema.safeParse(root);
    return parsed.success && canonicalJson(parsed.data) === meaning;
  };
  strip(root, keepsMeaning);
  return root;
}

function strip(node: unknown, keepsMeaning: () => boolean): void {
  if (Array.isArray(node)) for (const element of node) strip(element, keepsMeaning);
  else if (isObject(node)) {
    for (const key of Object.keys(node).sort()) {
      const saved = node[key];
      delete node[key];
      if (keepsMeaning()) continue;
      node[key] = saved;
      strip(saved, keepsMeaning);
    }
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The identity of a trial: its declared spec without defaults. Neither the backend nor the machine is part of it. */
export function trialKey(spec: TrialSpec, registry: Registry): string {
  const method = registry.methods.get(spec.method);
  return contentHash({
    schema: SCHEMA_VERSION,
    ...spec,
    ...revisionOf(method ?? {}),
    // Methods that take any criterion name it in their options.
    ...(isObject(spec.options) ? revisionOf(registry.criteria.get(String(spec.options.criterion)) ?? {}) : {}),
    options: method ? withoutDefaults(method.options, spec.options) : spec.options,
    pretrain: spec.pretrain && withoutDefaults(trainOptions, spec.pretrain),
    retrain: spec.retrain && withoutDefaults(trainOptions, spec.retrain),
  });
}

/** A step as it is hashed: the defaults of its kind, and of the criterion that it names, removed. */
export function normalizeStep(step: Step, registry: Registry): Step {
  const kind = registry.stepKinds.get(step.kind);
  const options = (kind ? withoutDefaults(kind.options, step.options) : step.options) as Json;
  const criterion = registry.criteria.get(String(options.criterion));
  if (criterion && isObject(options.criterionOptions))
    options.criterionOptions = withoutDefaults(criterion.options, options.criterionOptions);
  if (isObject(options.criterionOptions) && Object.keys(options.criterionOptions).length === 0)
    delete options.criterionOptions;
  return { kind: step.kind, options, ...revisionOf(criterion ?? {}) };
}

/** Absent where it is absent, so that keys from before there were revisions stand. */
function revisionOf({ revision }: { readonly revision?: number }): { readonly revision?: number } {
  return revision === undefined ? {} : { revision };
}

/** What a stage is computed from. */
export interface StageIdentity {
  readonly dataset: string;
  readonly datasetChecksum: string;
  /** The whole graph, so that a changed architecture is another network under whatever name. */
  readonly network: Network;
  readonly initializer: KernelInitializer;
  readonly seed: number;
  /** The backend that computes: another one rounds differently, so its states are other states. */
  readonly backend: string;
  /** All steps up to and with this one, normalised. */
  readonly steps: readonly Step[];
  /** Digest of the code that computes them: other code leaves other states. */
  readonly code?: string;
}

/** The identity of the state after the last of `steps`. */
export function stageKey(identity: StageIdentity): string {
  return contentHash({ schema: SCHEMA_VERSION, ...identity });
}
