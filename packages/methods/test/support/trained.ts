import {
  type Criterion,
  type Dataset,
  type Method,
  type Network,
  type Plan,
  randomStream,
  type State,
  type StepMetrics,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { openSession, stepKinds, train } from '@prunebench/training';
import plugin from '../../src/index.ts';

export const extensions = new Map(plugin.extensions.map((extension) => [extension.id, extension]));

/** Trains under one of the package's extensions. */
export function trainedWith(
  network: Network,
  state: State,
  dataset: Dataset,
  id: string,
  options: Record<string, unknown>,
  more: Partial<TrainOptionsInput>,
) {
  const parsed = trainOptions.parse({ epochs: 1, learningRate: 0.1, extensions: [{ id, options }], ...more });
  return train(network, state, dataset, parsed, { random: randomStream(1), extensions });
}

/** Takes a method's steps as a worker does, one after the other; with the state that each has left. */
export async function stepped(
  method: Method,
  plan: Omit<Plan, 'network'> & { readonly network: Network },
  { dataset, criteria }: { readonly dataset: Dataset; readonly criteria: readonly Criterion[] },
): Promise<{
  readonly states: readonly State[];
  readonly metrics: readonly StepMetrics[];
  readonly kinds: readonly string[];
}> {
  const states: State[] = [];
  const metrics: StepMetrics[] = [];
  const steps = method.steps(plan);
  for (const [position, { kind, options }] of steps.entries()) {
    const session = openSession({
      dataset,
      network: plan.network,
      seed: 1,
      position,
      signal: new AbortController().signal,
      criteria: new Map(criteria.map((criterion) => [criterion.id, criterion])),
      extensions,
      initializer: 'glorot-normal',
      stateAfter: async (index) => states[index],
    });
    const before = states.at(-1) ?? { parameters: session.initialParameters(), masks: {} };
    const step = stepKinds.find((candidate) => candidate.kind === kind)!;
    const outcome = await step.run(session, before, options);
    states.push(outcome.state);
    metrics.push(outcome.metrics);
  }
  return { states, metrics, kinds: steps.map(({ kind }) => kind) };
}
