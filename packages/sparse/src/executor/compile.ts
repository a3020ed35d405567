import {
  getThreads,
  isNativeAvailable,
  registerNativeBackend,
  type SparseProgram,
  vectorLanes,
} from '@prunebench/backend-native';
import { checkMasks, type Masks, type Network, type ParameterRecord, PrunebenchError, sizeOf } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import { shrink } from '@prunebench/surgery';
import * as tf from '@tensorflow/tfjs-core';
import { lower } from '../graph/lower.ts';
import type { Program } from '../graph/operations.ts';
import { fastestKernels, timeProducts } from '../plan/choose.ts';
import { encode } from '../plan/encode.ts';
import { type CellLayout, imageLayout, tileLayout } from '../plan/layout.ts';
import { interleavedTimes, median } from '../plan/time.ts';
import { TimingCache } from '../plan/timing-cache.ts';
import { type LayerChoice, layerChoices } from './choices.ts';
import { denseNetwork, type Runner } from './dense-network.ts';

export interface CompileOptions {
  /** Images of a batch; the choices are made for it. */
  readonly batchSize: number;
  /** Rounds in which the finished network and the dense one take turns, and for how long at most; see `Turns`. */
  readonly rounds?: number;
  readonly seconds?: number;
  /** Every layer in this format (where it can be) and never on the backend's dense kernels, whatever is faster: to compare. */
  readonly format?: 'dense' | 'csr' | 'bsr';
}

/** A masked network, ready to run as fast as this machine can. */
export interface CompiledNetwork extends Runner {
  readonly batchSize: number;
  /** Whether the network runs on tiles with a format per layer, or, because that was faster, dense on the backend's kernels. */
  readonly kind: 'tiles' | 'image' | 'dense';
  readonly layers: readonly LayerChoice[];
  /** Medians of interleaved runs of the whole network, in milliseconds. */
  readonly milliseconds: { readonly chosen: number; readonly dense: number };
  /** The largest difference to the masked network's outputs that rounding explains, relative to their largest magnitude. */
  readonly tolerance: number;
}

/**
 * Sums of a few thousand products in float32, added in another order and with batch norm folded in, layer after layer: the outputs
 * differ from the masked network's by at most this much of their largest magnitude.
 */
export const OUTPUT_TOLERANCE = 1e-4;

const ROUNDS = 7;

/**
 * Compiles a masked network for inference: walks its graph once, folds batch norms, merges biases, ReLUs and additions into the
 * products before them, removes channels that are always zero or never read, and chooses for each layer the format that is fastest
 * on this machine: dense, compressed rows or blocks. The times are measured, and kept on disk. Where the whole network is faster on
 * the dense kernels of the native backend, it runs there, so that it is never slower than dense by more than noise.
 *
 * Selects the native backend.
 *
 * @throws PrunebenchError where the native backend cannot run, and for masks that do not fit the network
 */
export async function compile(
  network: Network,
  parameters: ParameterRecord,
  masks: Masks,
  { batchSize, rounds = ROUNDS, seconds = Number.POSITIVE_INFINITY, format }: CompileOptions,
): Promise<CompiledNetwork> {
  checkMasks(network, masks);
  await useNative();
  const lanes = vectorLanes();
  const cache = await TimingCache.open({ lanes, threads: getThreads() });
  const full = lower(network, parameters, masks);
  const smaller = shrink(network, { parameters, masks });
  const program = lower(smaller.network, smaller.state.parameters, smaller.state.masks);
  const features = sizeOf(network.inputShape);
  const outputs = outputSize(program);
  const batch = new Float32Array(batchSize * features);
  using scope = new TensorScope();
  const dense = scope.adopt(denseNetwork(network, parameters, masks, batchSize));

  const plans = layoutsFor(program, batchSize, lanes).map((layout) => {
    const timings = timeProducts(program, layout, lanes, cache);
    const compiled = encode(program, fastestKernels(timings, format), { layout, lanes });
    return { layout, timings, runner: programRunner(compiled, features, outputs) };
  });
  const runners = [dense, ...plans.map(({ runner }) => runner)];
  const times = interleavedTimes(
    runners.map((runner) => () => void runner.run(batch)),
    { rounds, seconds },
  );
  // What else the machine does only adds time, and most to what uses all of its cores.
  const bests = times.map((own) => Math.min(...own));
  const best = bests.indexOf(Math.min(...bests.slice(1)), 1) - 1;
  const fastest = !format && bests[0] <= bests[best + 1] ? 0 : best + 1;
  const { layout, timings } = plans[best];
  await cache.save();
  const layers = layerChoices(full, program, timings, { layout, lanes, cache, isDense: fastest === 0 });
  const owned = fastest === 0 ? scope.move() : undefined;
  return {
    batchSize,
    kind: fastest === 0 ? 'dense' : layout.mode === 'image' ? 'image' : 'tiles',
    layers,
    milliseconds: { chosen: median(times[fastest]), dense: median(times[0]) },
    tolerance: OUTPUT_TOLERANCE,
    run: checkedRun(runners[fastest], network, batchSize, fastest === 0),
    dispose: () => owned?.dispose(),
  };
}

async function useNative(): Promise<void> {
  const available = isNativeAvailable();
  if (!available.available)
    throw new PrunebenchError(`Sparse networks run on the native backend alone, and ${available.reason}.`, {
      remedy:
        'Install a C++ compiler (apt-get install g++), or run the network on another backend without compiling it.',
    });
  await registerNativeBackend();
  await tf.setBackend('native');
}

function outputSize({ tensors, output }: Program): number {
  const { channels, height, width } = tensors[output];
  return channels * height * width;
}

/** Ways to lay the images out that may be fastest. */
function layoutsFor({ tensors, operations }: Program, batchSize: number, lanes: number): readonly CellLayout[] {
  const onlyFeatures = tensors.every(({ height, width }) => height * width === 1);
  const strided = operations.some(
    (operation) => operation.kind === 'product' && Math.max(...operation.window.strides) > 1,
  );
  const vectors = onlyFeatures ? [1, 2, 4, 8] : strided ? [1] : [1, 2];
  // Fewer tiles than threads would leave cores idle; that must not depend on how busy these were while the layouts took turns.
  const tiles = vectors
    .filter((count) => count === 1 || count * lanes * getThreads() <= batchSize)
    .map((count) => tileLayout(count, lanes));
  return batchSize < lanes ? [imageLayout, ...tiles] : tiles;
}

function programRunner(program: SparseProgram, features: number, outputs: number): Runner {
  return {
    run(batch) {
      const images = batch.length / features;
      const result = new Float32Array(images * outputs);
      program.run(batch, images, result);
      return result;
    },
    dispose() {},
  };
}

function checkedRun(runner: Runner, network: Network, batchSize: number, fixed: boolean): Runner['run'] {
  const features = sizeOf(network.inputShape);
  return (batch) => {
    const images = batch.length / features;
    if (!Number.isInteger(images) || images > batchSize)
      throw new Error(
        `${network.name} takes up to ${batchSize} images of ${features} values, not ${batch.length} values.`,
      );
    if (!fixed || images === batchSize) return runner.run(batch);
    const padded = new Float32Array(batchSize * features);
    padded.set(batch);
    const result = runner.run(padded);
    return result.slice(0, (result.length / batchSize) * images);
  };
}
