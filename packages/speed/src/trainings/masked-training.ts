import { performance } from 'node:perf_hooks';
import { applyMasks, prunableSpecs, randomStream, select, sizeOf, trainOptions } from '@prunebench/core';
import { holdEvents, TrainingRun } from '@prunebench/training';
import { median } from 'd3-array';
import { methodExtension } from '../method-extension.ts';
import { ENDLESS, timedStep } from '../timed-step.ts';
import type { Contestant } from '../turns.ts';
import { type Beginning, beginningOf, keptOf, layersOf } from './beginning.ts';
import type { MaskedReport } from './protocol.ts';

export const SPARSITY = 0.95;

/** A random sparse network, with as many weights in each layer as SET and RigL begin with: see `sparseFromTheStart`. */
export function sparseBeginning(batchSize: number): Beginning {
  const random = randomStream(0, 'trainings');
  const options = trainOptions.parse({ epochs: 1, learningRate: 0.01, batchSize, sparse: 'auto' });
  const dense = beginningOf(options, random);
  const scores = Object.fromEntries(
    prunableSpecs(dense.network).map(({ name, shape }) => [
      name,
      Float32Array.from({ length: sizeOf(shape) }, () => random.uniform()),
    ]),
  );
  const masks = select(dense.network, scores, { sparsity: SPARSITY, scope: 'layerwise', allocation: 'erk' });
  return { ...dense, state: { parameters: applyMasks(dense.state.parameters, masks), masks } };
}

/**
 * Usual steps before an event, whose median is what a step takes; and steps after it that are timed with it, as the first of them
 * records the step anew.
 */
const [BEFORE, AFTER] = [20, 5];

/** A training whose mask moves, in our trainer. */
export class MaskedTraining implements Disposable {
  readonly #run: TrainingRun;
  readonly #batch: Beginning['batch'];

  /** @param method its extension's name; undefined: no extension, and the masks stay */
  constructor({ network, state, options, batch }: Beginning, method: string | undefined, methodOptions: object = {}) {
    const extensions = method
      ? [{ id: method, extension: methodExtension(method, methodOptions, { network, state, options }) }]
      : [];
    this.#run = new TrainingRun(network, state, options, { extensions, random: randomStream(0), ...ENDLESS });
    this.#batch = batch;
  }

  /** Kernels that are trained by their kept weights alone. */
  get sparseKernels(): readonly string[] {
    return this.#run.sparseKernels;
  }

  /** Gives the loss. */
  step(): number {
    return timedStep(this.#run, this.#batch);
  }

  async event(): Promise<void> {
    const { replaced } = await holdEvents(this.#run, this.#run.plan.extensions, this.#batch);
    if (replaced) this.#run.skip();
  }

  /**
   * What an event costs, in seconds: the time of an event and the steps after it, less that of so many usual steps. So everything
   * counts that there is between two steps because of it: gradients, top-k, masks, slots, patterns, the step that is recorded anew.
   */
  get events(): Contestant {
    return async (repeats) => {
      const seconds: number[] = [];
      for (let i = 0; i < repeats; i++) {
        const usual = median(Array.from({ length: BEFORE }, () => this.#seconds()))!;
        const start = performance.now();
        await this.event();
        for (let step = 0; step < AFTER; step++) this.step();
        seconds.push((performance.now() - start) / 1e3 - AFTER * usual);
      }
      return seconds;
    };
  }

  /** Of so many steps, an event, and as many steps again. */
  async report(steps: number): Promise<MaskedReport> {
    const { network, masks: before } = this.#run;
    const train = () => Array.from({ length: steps }, () => this.step());
    const losses = train();
    await this.event();
    const remembered = Object.values(await this.#run.slots()).reduce((sum, { values }) => sum + nonzeros(values), 0);
    const lossesAfter = train();
    this.#run.settle();
    const { parameters, masks } = await this.#run.snapshot();
    const names = layersOf(network).map((layer) => `${layer}/kernel`);
    return {
      losses,
      lossesAfter,
      kept: keptOf(network, masks),
      left: names.map((name) => nonzeros(before[name].filter((_, at) => masks[name][at] === 0))),
      strays: names.reduce(
        (sum, name) => sum + nonzeros(parameters[name].values.filter((_, at) => masks[name][at] === 0)),
        0,
      ),
      remembered,
    };
  }

  [Symbol.dispose](): void {
    this.#run.dispose();
  }

  #seconds(): number {
    const start = performance.now();
    this.step();
    return (performance.now() - start) / 1e3;
  }
}

function nonzeros(values: Float32Array | Uint8Array): number {
  let count = 0;
  for (const value of values) if (value !== 0) count++;
  return count;
}
