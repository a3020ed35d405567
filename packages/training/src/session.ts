import {
  type Criterion,
  type Dataset,
  type ExtensionEntry,
  type KernelInitializer,
  type Network,
  networkOf,
  type ParameterRecord,
  type Progress,
  PrunebenchError,
  randomStream,
  type Scored,
  type SplitName,
  type State,
  type TrialSession,
} from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { evaluate } from './evaluate.ts';
import { train } from './iteration/train.ts';
import type { ScoreMemory } from './scoring/score-memory.ts';
import { scoreOf } from './scoring/unchanged-subject.ts';

export interface SessionOptions {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly seed: number;
  /** Place of the step in its trial; its random numbers come from the stream `step/<position>`. */
  readonly position: number;
  readonly signal: AbortSignal;
  /** By id. */
  readonly criteria: ReadonlyMap<string, Criterion>;
  /** By id; absent: none. */
  readonly extensions?: ReadonlyMap<string, ExtensionEntry>;
  readonly initializer: KernelInitializer;
  /** The network's own first parameters; absent: they are drawn. */
  readonly pretrained?: ParameterRecord;
  readonly stateAfter: (index: number) => Promise<State>;
  /** Shares scores between steps; `start` identifies the state that the step starts from. Absent: every step scores for itself. */
  readonly shared?: { readonly memory: ScoreMemory; readonly start: string };
  readonly onProgress?: (progress: Progress) => void;
  /** Called for every evaluation of a split that the step makes, in its trainings or by itself. */
  readonly onEvaluation?: (split: SplitName) => void;
}

/** What one step of a trial runs over. Initial parameters come from the stream `init` of the seed, whatever the step. */
export function openSession(options: SessionOptions): TrialSession {
  const { dataset, network, seed, position, signal, onProgress, onEvaluation } = options;
  const root = randomStream(seed);
  const path = ['step', String(position)];
  const random = root.fork('step').fork(String(position));
  let trainings = 0;
  return {
    dataset,
    network,
    seed,
    random,
    signal,
    initialParameters: (stream) =>
      stream === undefined && options.pretrained
        ? options.pretrained
        : initializeParameters(network, stream ?? root.fork('init'), options.initializer),
    stateAfter: options.stateAfter,
    criterion(id) {
      const criterion = options.criteria.get(id);
      if (criterion) return criterion;
      throw new PrunebenchError(`There is no criterion called ${id}.`, {
        remedy: 'Run `./prunebench list criteria` to see which there are.',
      });
    },
    async scoreStart(criterion, criterionOptions, subject) {
      const compute = () => scoreOf(criterion, subject, criterionOptions);
      if (!options.shared) return { ...(await compute()), savedSeconds: 0 };
      const { memory, start } = options.shared;
      let compensation: Pick<Scored, 'compensate'> | undefined;
      const identity = { start, seed, position, criterion: criterion.id, criterionOptions };
      // What is remembered are the scores alone: the curvature behind a compensation may take gigabytes.
      const remembered = await memory.recall(identity, async () => {
        const { scores, compensate } = await compute();
        if (compensate) compensation = { compensate };
        return scores;
      });
      return { ...remembered, ...compensation };
    },
    train(state, trainOptions) {
      const own = trainings++ === 0 ? path : [...path, 'train', String(trainings)];
      const stream = trainOptions.from > 0 && state.cut ? state.cut.stream : own.join('/');
      return train(networkOf(state, network), state, dataset, trainOptions, {
        random: stream.split('/').reduce((parent, name) => parent.fork(name), root),
        stream,
        signal,
        ...(options.extensions ? { extensions: options.extensions } : {}),
        ...(onProgress ? { onProgress } : {}),
        ...(onEvaluation ? { onEvaluation } : {}),
      });
    },
    evaluate(state, split) {
      onEvaluation?.(split);
      return evaluate(networkOf(state, network), state, dataset.splits[split], { signal });
    },
    progress: (progress) => onProgress?.(progress),
  };
}
