/**
 * Identities. A trial's key says what was asked for; a stage's key says, besides, on what it was computed. Both leave
 * out every option that has its default value, so that an option added later, with a default that means what was done
 * before, changes no key. A change of what an entry's options mean (a criterion's, a method's, a kind of step's) raises its
 * `revision`, a change of what all records mean `SCHEMA_VERSION`.
 */
import {
  canonicalJson,
  contentHash,
  type HashedStep,
  type KernelInitializer,
  type Network,
  SCHEMA_VERSION,
  type Step,
  type TrialRecord,
  type TrialSpec,
  trainOptions,
  trialSpec,
  withoutDefaults,
} from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import { declaredSteps } from './declared.ts';

/** What options are, whatever a schema makes of them. */
const byName = trialSpec.shape.options;

/** The identity of a trial: its declared spec without defaults. Neither the backend nor the machine is part of it. */
export function trialKey({ seed, ...spec }: TrialSpec, registry: Registry): string {
  return contentHash({ ...identityOf(spec, registry), seed });
}

/** The same for many trials: what the seeds of one cell have in common is worked out once. */
export function trialKeys(registry: Registry): (spec: TrialSpec) => string {
  const known = new Map<string, object>();
  return ({ seed, ...spec }) => {
    const cell = canonicalJson(spec);
    const identity = known.get(cell) ?? identityOf(spec, registry);
    known.set(cell, identity);
    return contentHash({ ...identity, seed });
  };
}

/** What is asked for, whatever the seed. */
type Cell = Omit<TrialSpec, 'seed'>;

function identityOf(spec: Cell, registry: Registry): object {
  const method = registry.methods.get(spec.method);
  return {
    schema: SCHEMA_VERSION,
    ...spec,
    ...revisionsOf(spec, registry),
    options: method ? withoutDefaults(method.options, spec.options) : spec.options,
    pretrain: spec.pretrain && withoutDefaults(trainOptions, spec.pretrain),
    retrain: spec.retrain && withoutDefaults(trainOptions, spec.retrain),
  };
}

/**
 * Whether a record's key is that of its spec; undefined where the spec names what is not loaded.
 *
 * @param keyOf the registry's `trialKeys`, which many records share
 */
export function isOfItsKey(
  { spec, key }: TrialRecord,
  registry: Registry,
  keyOf: (spec: TrialSpec) => string,
): boolean | undefined {
  if (!registry.datasets.has(spec.dataset) || !registry.methods.has(spec.method)) return undefined;
  try {
    registry.network(spec.network);
  } catch {
    return undefined;
  }
  try {
    return keyOf(spec) === key;
  } catch {
    // Options that the method does not have.
    return false;
  }
}

/** Those of the method, of the criterion that it is told to use, and of its steps; none where there are none, so that old keys stand. */
function revisionsOf(spec: Cell, registry: Registry): Readonly<Record<string, unknown>> {
  const method = registry.methods.get(spec.method);
  const criterion = method?.criterion && registry.criteria.get(method.criterion(spec.options));
  const [revision, criterionRevision] = [method?.revision, criterion?.revision].filter(
    (raised) => raised !== undefined,
  );
  const { stepRevisions, extensionRevisions } = revisedSteps(spec, registry);
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(criterionRevision === undefined ? {} : { criterionRevision }),
    ...(Object.keys(stepRevisions).length === 0 ? {} : { stepRevisions }),
    ...(Object.keys(extensionRevisions).length === 0 ? {} : { extensionRevisions }),
  };
}

type Revisions = Readonly<Record<string, number>>;

/** The kinds of steps, and the extensions of training, with a revision that a trial's steps name. */
function revisedSteps(
  spec: Cell,
  registry: Registry,
): { readonly stepRevisions: Revisions; readonly extensionRevisions: Revisions } {
  const entries = [...registry.steps.values(), ...registry.extensions.values()];
  if (!entries.some(({ revision }) => revision !== undefined)) return { stepRevisions: {}, extensionRevisions: {} };
  const { shape } = lookUp(registry.datasets, 'dataset', spec.dataset);
  const method = lookUp(registry.methods, 'method', spec.method);
  const options = byName.parse(method.options.parse(spec.options));
  const steps = declaredSteps({ ...spec, options }, registry.network(spec.network).build(shape), registry);
  const kinds = steps.flatMap(({ kind }) => registry.steps.get(kind) ?? []);
  return {
    stepRevisions: Object.fromEntries(
      kinds.flatMap(({ kind, revision }) => (revision === undefined ? [] : [[kind, revision] as const])),
    ),
    extensionRevisions: Object.assign({}, ...steps.map((step) => normalizeStep(step, registry).extensionRevisions)),
  };
}

/** A step as it is hashed: the defaults of its kind, and of the criterion that it names, removed. */
export function normalizeStep(step: Step, registry: Registry): HashedStep {
  const kind = registry.steps.get(step.kind);
  if (!kind) return step;
  const options = byName.parse(withoutDefaults(kind.options, step.options));
  const normalised = kind.normalise?.(options, registry) ?? { options };
  return {
    kind: step.kind,
    ...normalised,
    ...(kind.revision === undefined ? {} : { kindRevision: kind.revision }),
  };
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
  /** The instructions that its kernels are compiled for: AVX2 and AVX-512 sum in other orders, so that their states differ too. */
  readonly instructions?: string;
  /** All steps up to and with this one, normalised. */
  readonly steps: readonly Step[];
  /** Digest of the code that computes them: other code leaves other states. */
  readonly code?: string;
}

/** The identity of the state after the last of `steps`. */
export function stageKey(identity: StageIdentity): string {
  return contentHash({ schema: SCHEMA_VERSION, ...identity });
}
