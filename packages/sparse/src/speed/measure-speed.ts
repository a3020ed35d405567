import { type Network, randomStream, type State, sizeOf, TensorScope } from '@prunebench/core';
import { type CompiledNetwork, compile } from '../executor/compile.ts';
import { denseNetwork } from '../executor/dense-network.ts';
import { interleavedTimes, median } from '../plan/time.ts';

/** A pruned network against itself, dense, on the same backend. */
export interface MeasuredSpeed {
  readonly batchSize: number;
  readonly denseMilliseconds: number;
  readonly sparseMilliseconds: number;
  /** Dense time / sparse time: the median over rounds in which the two take turns, and the range it moved in. */
  readonly speedup: number;
  readonly speedupMin: number;
  readonly speedupMax: number;
  readonly rounds: number;
  /** How the compiled network runs; `dense` where nothing was faster. */
  readonly kind: CompiledNetwork['kind'];
}

export interface SpeedOptions {
  readonly batchSizes?: readonly number[];
  readonly rounds?: number;
  /**
   * How long the turns of one comparison may take, a small number of rounds aside. There are two for each batch size: one that chooses
   * how the network runs, and one, after it, that measures. Default: as long as the rounds take.
   */
  readonly seconds?: number;
  /** Told of each compiled network before it is given up. */
  readonly onCompiled?: (compiled: CompiledNetwork) => void;
}

const ROUNDS = 15;

/** Times inference of a pruned state, compiled and dense, for each batch size. Selects the native backend. */
export async function measureSpeed(
  network: Network,
  state: State,
  options: SpeedOptions = {},
): Promise<MeasuredSpeed[]> {
  const { batchSizes = [1, 128], rounds = ROUNDS, seconds = Number.POSITIVE_INFINITY, onCompiled } = options;
  const results: MeasuredSpeed[] = [];
  for (const batchSize of batchSizes) {
    using scope = new TensorScope();
    const compiled = scope.adopt(await compile(network, state.parameters, state.masks, { batchSize, seconds }));
    onCompiled?.(compiled);
    const dense = scope.adopt(denseNetwork(network, state.parameters, state.masks, batchSize));
    const stream = randomStream(0, 'speed');
    const batch = Float32Array.from({ length: batchSize * sizeOf(network.inputShape) }, () => stream.normal());
    const [denseTimes, sparseTimes] = interleavedTimes([() => void dense.run(batch), () => void compiled.run(batch)], {
      rounds,
      seconds,
    });
    const ratios = denseTimes.map((time, round) => time / sparseTimes[round]);
    results.push({
      batchSize,
      denseMilliseconds: median(denseTimes),
      sparseMilliseconds: median(sparseTimes),
      // A network that runs dense is compared with itself: what is left is noise.
      speedup: compiled.kind === 'dense' ? 1 : median(ratios),
      speedupMin: Math.min(...ratios),
      speedupMax: Math.max(...ratios),
      rounds: ratios.length,
      kind: compiled.kind,
    });
  }
  return results;
}
