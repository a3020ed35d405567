import { z } from 'zod';
import { axisPoint } from '../contracts/axis.ts';
import { scales } from '../contracts/scales.ts';
import { trainOptions } from '../contracts/train-options.ts';
import { plainId, tableName } from '../names/plain-id.ts';
import { contentKey } from './content-hash.ts';
import { namedMetrics } from './named-metrics.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

const evaluation = z.strictObject({ accuracy: z.number(), loss: z.number() });
const onBothSplits = z.strictObject({ validation: evaluation, test: evaluation });

/** What was asked for: hashed (with defaults removed) into the trial's key. */
export const trialSpec = z.strictObject({
  dataset: z.string(),
  network: z.string(),
  method: z.string(),
  options: z.record(z.string(), z.unknown()),
  /** Absent where `at` says what was asked for. */
  sparsity: z.number().min(0).lt(1).optional(),
  /** Absent where a sparsity was asked for. */
  at: axisPoint.optional(),
  pretrain: trainOptions.nullable(),
  retrain: trainOptions.nullable(),
  seed: z.int().min(0),
});
export type TrialSpec = z.output<typeof trialSpec>;

const layerDensity = z.strictObject({
  /** kernel name */
  name: z.string(),
  weights: z.int(),
  remaining: z.int(),
});

const left = z.strictObject({ total: z.int(), remaining: z.int() });

/** What is left of a layer's inputs and of its units; see `unitsLeft`. */
const layerUnits = z.strictObject({
  /** kernel name */
  name: z.string(),
  kind: z.enum(['conv2d', 'dense']),
  /** Channels or features. */
  inputs: left,
  /** Filters or neurons. */
  units: left,
});

/** What was measured: the same to the last bit for the same spec on the same backend, however it was run. */
const measured = z.strictObject({
  /** Share of the prunable weights that is zero, asked for (absent where another point was) and reached. */
  sparsity: z.strictObject({ requested: z.number().optional(), achieved: z.number() }),
  layers: z.array(layerDensity),
  /** Digest of the masks (`maskDigest`): which weights are left, where `layers` says how many; absent in records of earlier versions. */
  masks: z.string().optional(),
  /** Units on a path from the network's input to its output, layer by layer; absent in records of earlier versions. */
  architecture: z.array(layerUnits).optional(),
  /** Kernels without a single weight left while others keep theirs. */
  collapsedLayers: z.array(z.string()),
  /**
   * Weights on a path from the network's input to its output; `sparsity` is the share of the prunable weights that are not, `cutLayers`
   * the kernels that have weights left but none on a path. Absent in records of earlier versions, which also count weights that
   * read removed units in `parameters` and `multiplyAdds`.
   */
  effective: z.strictObject({ remaining: z.int(), sparsity: z.number(), cutLayers: z.array(z.string()) }).optional(),
  /** All parameters, prunable and not; remaining: without removed units and what reads them. */
  parameters: left,
  /** null where nothing is left. */
  compressionRatio: z.number().nullable(),
  multiplyAdds: z.strictObject({ dense: z.number(), remaining: z.number() }),
  /** null where no multiply-add is left. */
  theoreticalSpeedup: z.number().nullable(),
  /** The network as a safetensors file, with removed weights as zeros and without them; absent in records of earlier versions. */
  fileBytes: z.strictObject({ dense: z.int(), sparse: z.int() }).optional(),
  /** Before the first weight was removed; null where the method prunes at initialization. */
  dense: onBothSplits.nullable(),
  /** After the last pruning event, before any further training; null where the table trains nothing at all. */
  pruned: onBothSplits.nullable(),
  /** At the end: last epoch, not best; null where the table trains nothing at all. */
  final: onBothSplits.nullable(),
  /** The epoch of the last training that was best on validation, labelled as such wherever it is shown. */
  bestValidation: z.strictObject({ epoch: z.number(), validation: evaluation, test: evaluation }).nullable(),
  /** The first update of the lowest validation loss, of the last training that looks every so many updates; absent without one. */
  earlyStop: z.strictObject({ step: z.int(), epoch: z.number(), validation: evaluation, test: evaluation }).optional(),
  trainedExamples: z.number(),
  /**
   * How often the validation or the test split was evaluated: in all steps of the trial, and for what the record says of its states.
   * Absent in records of earlier versions.
   */
  evaluations: z.int().min(0).optional(),
  /** What its steps report besides, by name; absent where they report nothing. */
  metrics: namedMetrics.optional(),
});
export type Measured = z.output<typeof measured>;

/** What ran, and on what. */
const origin = z.strictObject({
  commit: z.string(),
  /** Whether the working tree differed from the commit. */
  dirty: z.boolean(),
  backend: z.string(),
  threads: z.int(),
  versions: z.record(z.string(), z.string()),
  host: z.strictObject({ cpu: z.string(), cores: z.int(), platform: z.string() }),
});

/** How it was run: machine, versions, times. */
const run = origin.extend({
  /** Modules named with `--plugin`: name of the file, and the digest of its code; absent without any and in records of earlier versions. */
  plugins: z.array(z.strictObject({ file: z.string(), digest: z.string() })).optional(),
  datasetChecksum: z.string(),
  finishedAt: z.iso.datetime({ offset: true }),
  /** Of all this trial's stages, shared ones included, as they were first computed. */
  computeSeconds: z.number(),
  stages: z.array(z.strictObject({ key: contentKey, kind: z.string(), seconds: z.number() })),
});
export type RunProvenance = z.output<typeof run>;

/** What the numbers depend on besides the spec and the data, as digests of source code without comments. */
const code = z.strictObject({
  /** The code of what the trial names: "criterion snip", "step train", "data set blobs" ... */
  entries: z.array(
    z.strictObject({
      name: z.string(),
      /** The module that defines it: its path in the repository, or a plugin's file. */
      file: z.string(),
      /** Of that module and what it imports in its own package or plugin. */
      digest: z.string(),
    }),
  ),
  /** Of the network's graph and initializer. */
  network: z.string(),
  /** The rest that computes: packages by folder, with the digest of the modules in use; libraries by name, with their version. */
  engine: z.record(z.string(), z.string()),
});
export type TrialCode = z.output<typeof code>;

/**
 * A measurement whose fastest round says more than this many times what its slowest says was disturbed: it is taken again, and
 * where it stays so it is not shown.
 */
export const STEADY_SPREAD = 3;

const speedup = z.strictObject({
  batchSize: z.int(),
  /** Dense time / time of the pruned network: the median over rounds in which the two take turns, and the range it moved in. */
  speedup: z.number(),
  speedupMin: z.number(),
  speedupMax: z.number(),
  /** First and third quartile over rounds; absent in records of earlier versions. */
  speedupQ1: z.number().optional(),
  speedupQ3: z.number().optional(),
  rounds: z.int(),
  denseMilliseconds: z.number(),
  sparseMilliseconds: z.number(),
  /** How the pruned network ran fastest: with a format per layer on tiles of images or on single ones, or on the dense kernels. */
  kind: z.enum(['tiles', 'image', 'dense']),
});

/** Inference of the pruned network against itself, dense: measured on a machine that did nothing else for the run. */
const speed = origin.extend({
  /**
   * What "dense" is: `compiled`, the same network compiled with nothing pruned. Absent in records of earlier versions, which took the
   * network as it is evaluated, so that part of their speed-up is compiling's (batch norms folded in, tiles kept in the cache).
   */
  baseline: z.literal('compiled').optional(),
  measuredAt: z.iso.datetime({ offset: true }),
  /** Key of the trial whose network was timed: this one, or an earlier one with the same masks, on which alone the times depend. */
  timed: z.string(),
  batches: z.array(speedup).min(1),
});
export type SpeedRecord = z.output<typeof speed>;

/** One trial's JSON record. */
export const trialRecord = z.strictObject({
  schema: z.literal(SCHEMA_VERSION),
  key: plainId,
  benchmark: tableName,
  scale: z.enum(scales),
  series: z.string(),
  control: z.boolean(),
  spec: trialSpec,
  /** A trial that cannot finish (NaN loss, layer collapse) is a result too. */
  failure: z.string().nullable(),
  measured: measured.nullable(),
  run,
  /** Absent until it is measured, and where it is not. */
  speed: speed.optional(),
  /** Absent in records of earlier versions. */
  code: code.optional(),
  /** Of everything else in the record (see `sealed`); absent in records of earlier versions. */
  digest: z.string().optional(),
});
export type TrialRecord = z.output<typeof trialRecord>;
