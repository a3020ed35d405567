import { type Batch, type Network, type ParameterArray, refuseDiverged, type State } from '@prunebench/core';
import { forward, TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { EventLoopTurns } from './iteration/event-loop-turns.ts';
import { uploadState } from './iteration/parameter-variables.ts';
import { besselFactors, StatisticsCollector } from './iteration/running-statistics.ts';

/**
 * Replaces every batch norm's running statistics by the average over `batches` of the batches' own means and unbiased variances,
 * each batch weighted by its size; nothing else changes. After pruning, the old statistics belong to another network.
 *
 * @throws DivergenceError naming a statistic that is not finite
 *
 * (The procedure of `torch.optim.swa_utils.update_bn`; "adaptive BN" in Li et al. 2020, EagleEye.)
 */
export async function estimateBatchNorm(
  network: Network,
  state: State,
  batches: Iterable<Batch>,
  options: { signal?: AbortSignal } = {},
): Promise<State> {
  using scope = new TensorScope();
  const uploaded = uploadState(network, state, scope);
  using collector = new StatisticsCollector();
  const averages = new Map<string, Float64Array>();
  const turns = new EventLoopTurns(options.signal);
  let examples = 0;
  for (const { x, size } of batches) {
    tf.tidy(() => {
      const input = tf.tensor(x, [size, ...network.inputShape], 'float32');
      forward(network, uploaded.variables, input, { training: true, onStatistics: collector.collect });
    });
    examples += size;
    const factors = besselFactors(network, size);
    for (const { layer, mean, variance } of collector.found) {
      moveTowards(averages, `${layer}/movingMean`, await mean.data<'float32'>(), 1, size / examples);
      const values = await variance.data<'float32'>();
      moveTowards(averages, `${layer}/movingVariance`, values, factors.get(layer)!, size / examples);
    }
    collector.clear();
    if (turns.due) await turns.take();
  }
  const parameters = withStatistics(state, averages);
  refuseDiverged(parameters, 'after batch norm was estimated');
  return { ...state, parameters };
}

function moveTowards(
  averages: Map<string, Float64Array>,
  name: string,
  batch: Float32Array,
  factor: number,
  share: number,
): void {
  const average = averages.get(name) ?? new Float64Array(batch.length);
  for (let c = 0; c < batch.length; c++) average[c] += (factor * batch[c] - average[c]) * share;
  averages.set(name, average);
}

function withStatistics({ parameters }: State, averages: ReadonlyMap<string, Float64Array>) {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]): [string, ParameterArray] => {
      const average = averages.get(name);
      return [name, average ? { shape: parameter.shape, values: Float32Array.from(average) } : parameter];
    }),
  );
}
