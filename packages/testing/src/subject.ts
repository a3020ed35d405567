import {
  type Batch,
  type Masks,
  type Network,
  type ParameterRecord,
  randomStream,
  type Subject,
  sizeOf,
} from '@prunebench/core';

export interface SubjectOptions {
  readonly masks?: Masks;
  readonly initialParameters?: ParameterRecord;
  /** What the subject's `batches` go through, whatever size is asked for; by default 3 random batches of 16. */
  readonly batches?: readonly Batch[];
  readonly seed?: number;
}

/** What a criterion scores. */
export function subjectOf(network: Network, parameters: ParameterRecord, options: SubjectOptions = {}): Subject {
  const { masks = {}, initialParameters = parameters, seed = 0 } = options;
  const batches = options.batches ?? [1, 2, 3].map((n) => randomBatch(network, 16, n));
  return {
    network,
    parameters,
    masks,
    initialParameters,
    batches: ({ count = batches.length }) => batches.slice(0, count),
    random: randomStream(seed, 'criterion'),
  };
}

/** Gaussian examples and uniform labels. */
export function randomBatch(network: Network, size: number, seed = 1): Batch {
  const stream = randomStream(seed, 'batch');
  const last = network.layers.at(-1)!;
  const classes = last.kind === 'dense' ? last.units : 2;
  return {
    x: new Float32Array(size * sizeOf(network.inputShape)).map(() => stream.normal()),
    y: new Int32Array(size).map(() => stream.integer(classes)),
    size,
  };
}
