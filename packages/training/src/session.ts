import {
  type Criterion,
  type Dataset,
  initializeParameters,
  type KernelInitializer,
  type Network,
  type Progress,
  PrunebenchError,
  randomStream,
  type State,
  type TrialSession,
} from '@prunebench/core';
import { evaluate } from './evaluate.ts';
import { train } from './train.ts';

export interface SessionOptions {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly seed: number;
  /** Place of the step in its trial; its random numbers come from the stream `step/<position>`. */
  readonly position: number;
  readonly signal: AbortSignal;
  /** By id. */
  readonly criteria: ReadonlyMap<string, Criterion<unknown>>;
  readonly initializer: KernelInitializer;
  readonly stateAfter: (index: number) => Promise<State>;
  readonly onProgress?: (progress: Progress) => void;
}

/** What one step of a trial runs over. Initial parameters come from the stream `init` of the seed, whatever the step. */
export function openSession(options: SessionOptions): TrialSession {
  const { dataset, network, seed, signal, onProgress } = options;
  const root = randomStream(seed);
  const random = root.fork('step').fork(String(options.position));
  return {
    dataset,
    network,
    seed,
    random,
    signal,
    initialParameters: (stream = root.fork('init')) => initializeParameters(network, stream, options.initializer),
    stateAfter: options.stateAfter,
    criterion(id) {
      const criterion = options.criteria.get(id);
      if (criterion) return criterion;
      throw new PrunebenchError(`There is no criterion called ${id}.`, {
        remedy: 'Run `pnpm prunebench list criteria` to see which there are.',
      });
    },
    train: (state, trainOptions, extensions = []) =>
      train(network, state, dataset, trainOptions, {
        random,
        signal,
        extensions,
        ...(onProgress ? { onProgress } : {}),
      }),
    evaluate: (state, split) => evaluate(network, state, dataset.splits[split], { signal }),
    progress: (progress) => onProgress?.(progress),
  };
}
