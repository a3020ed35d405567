import { type Network, randomStream, type State, sizeOf } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import { type CompiledNetwork, compile } from '../executor/compile.ts';
import { interleavedTimes, median, quantile } from '../plan/time.ts';
import { Baselines } from './baselines.ts';
import { type PairedTimes, ratiosOf, steadyTimes } from './steady-ratios.ts';

/** A pruned network against itself with nothing pruned, both compiled on the same backend. */
export interface MeasuredSpeed {
  readonly batchSize: number;
  readonly denseMilliseconds: number;
  readonly sparseMilliseconds: number;
  /** Dense time / sparse time: the median over rounds in which the two take turns, its quartiles and the range it moved in. */
  readonly speedup: number;
  readonly speedupMin: number;
  readonly speedupQ1: number;
  readonly speedupQ3: number;
  readonly speedupMax: number;
  readonly rounds: number;
  /** How the pruned network runs; `dense` where nothing was faster than the backend's dense kernels. */
  readonly kind: CompiledNetwork['kind'];
}

export interface SpeedOptions {
  readonly batchSizes?: readonly number[];
  readonly rounds?: number;
  /**
   * How long the turns of one comparison may take, a small number of rounds aside. There are three for each batch size: two that choose
   * how the networks run, and one, after them, that measures; it is made again (twice at most) where its rounds disagree. Default: as
   * long as the rounds take.
   */
  readonly seconds?: number;
  /** Keeps what is compiled with nothing pruned for further networks of the same architecture; by default it is compiled for this one. */
  readonly baselines?: Baselines;
  /** Told of each compiled network, and of the one that it is compared with, before they are given up. */
  readonly onCompiled?: (compiled: CompiledNetwork, baseline: CompiledNetwork) => void;
}

const ROUNDS = 15;

/**
 * Times inference of a pruned state for each batch size against the same network compiled in the same way with nothing pruned, so
 * that what compiling gains (folded batch norms, tiles that stay in the cache) is on both sides. Selects the native backend.
 *
 * @throws PrunebenchError where the native backend cannot run, and for masks that do not fit the network
 */
export async function measureSpeed(
  network: Network,
  state: State,
  options: SpeedOptions = {},
): Promise<MeasuredSpeed[]> {
  const { batchSizes = [1, 128], rounds = ROUNDS, seconds = Number.POSITIVE_INFINITY, onCompiled } = options;
  using own = new Baselines();
  const baselines = options.baselines ?? own;
  const results: MeasuredSpeed[] = [];
  for (const batchSize of batchSizes) {
    using scope = new TensorScope();
    const compiled = scope.adopt(await compile(network, state.parameters, state.masks, { batchSize, seconds }));
    const baseline = await baselines.of(network, { batchSize, seconds });
    onCompiled?.(compiled, baseline);
    const stream = randomStream(0, 'speed');
    const batch = Float32Array.from({ length: batchSize * sizeOf(network.inputShape) }, () => stream.normal());
    const calls = [baseline, compiled].map((each) => () => void each.run(batch));
    const compare = (): PairedTimes => {
      const [dense, sparse] = interleavedTimes(calls, { rounds, seconds });
      return [dense, sparse];
    };
    // On the same kernels at the same sizes any ratio but 1 is noise.
    const same = compiled.kind === 'dense' && baseline.kind === 'dense';
    const times = same ? compare() : steadyTimes(compare);
    const ratios = same ? times[0].map(() => 1) : ratiosOf(times);
    results.push({ batchSize, ...summaryOf(times, ratios), kind: compiled.kind });
  }
  return results;
}

function summaryOf(times: PairedTimes, ratios: readonly number[]): Omit<MeasuredSpeed, 'batchSize' | 'kind'> {
  return {
    denseMilliseconds: median(times[0]),
    sparseMilliseconds: median(times[1]),
    speedup: median(ratios),
    speedupMin: Math.min(...ratios),
    speedupQ1: quantile(ratios, 0.25),
    speedupQ3: quantile(ratios, 0.75),
    speedupMax: Math.max(...ratios),
    rounds: ratios.length,
  };
}
