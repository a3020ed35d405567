import {
  type Masks,
  type Network,
  type ParameterArray,
  type ParameterRecord,
  parameterSpecs,
  type TrainOptions,
} from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { ExtensionHost } from '../extensions/extension-host.ts';
import { chooseSparse } from '../sparse/choose.ts';
import { SparseKernels } from '../sparse/sparse-kernels.ts';
import type { Trainable } from './optimizer.ts';
import type { ParameterVariables } from './parameter-variables.ts';
import { type UpdateGroup, Updates } from './updates.ts';

/** What the parts of a training are made of. */
export interface PartsSource {
  readonly network: Network;
  readonly options: TrainOptions;
  readonly uploaded: ParameterVariables;
  readonly host: ExtensionHost;
}

/** What of a training depends on its masks: which kernels are sparse, and what the optimizers move and remember. */
export class TrainingParts implements Disposable {
  /** Names of the kernels of which only the kept weights are multiplied and trained: see `chooseSparse`. */
  readonly sparseKernels: readonly string[];
  readonly sparse: SparseKernels;
  readonly updates: Updates;
  readonly #scope: TensorScope;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  /** @param slots what the optimizers remember, of whole tensors (see `TrainingCut`); absent: nothing */
  constructor(source: PartsSource, masks: Masks, slots: ParameterRecord = {}) {
    const { network, options, uploaded, host } = source;
    using scope = new TensorScope();
    this.sparseKernels = chooseSparse(network, { masks }, options, host.extensions);
    this.sparse = new SparseKernels(network, masks, uploaded.variables, this.sparseKernels, scope);
    this.updates = scope.adopt(new Updates(groupsOf(source, this.sparse)));
    this.#shapes = new Map(
      this.updates.trainables.map(({ name, variable }) => [name, uploaded.variables[name]?.shape ?? variable.shape]),
    );
    this.#restore(slots);
    this.#scope = scope.move();
  }

  /** What the optimizers remember, of whole tensors: "<name>#0", "<name>#1". */
  async slots(): Promise<ParameterRecord> {
    const record: Record<string, ParameterArray> = {};
    for (const name of this.updates.slots.keys())
      for (const [i, values] of (await this.slotsOf(name)).entries())
        record[slotName(name, i)] = { shape: this.#shapes.get(name)!, values };
    return record;
  }

  /** What the optimizers remember of one trained tensor, zeros at weights that are not trained. */
  async slotsOf(name: string): Promise<Float32Array[]> {
    const slots = this.updates.slots.get(name) ?? [];
    const kept = await Promise.all(slots.map((slot) => slot.data<'float32'>()));
    return kept.map((values) => (this.sparse.byName.has(name) ? this.sparse.spread(name, values) : values.slice()));
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #restore(stored: ParameterRecord): void {
    for (const [name, slots] of this.updates.slots)
      for (const [i, slot] of slots.entries()) {
        const values = stored[slotName(name, i)]?.values;
        if (!values) continue;
        const own = this.sparse.byName.has(name) ? this.sparse.kept(name, values) : values;
        tf.tidy(() => slot.assign(tf.tensor(own, slot.shape, 'float32')));
      }
  }
}

export function slotName(name: string, index: number): string {
  return `${name}#${index}`;
}

function groupsOf({ network, options, uploaded, host }: PartsSource, sparse: SparseKernels): UpdateGroup[] {
  const denseSlots = host.has('denseSlots');
  const own: Trainable[] = parameterSpecs(network)
    .filter(({ name, trainable }) => trainable && !host.isFrozen(name))
    .map(({ name, role }) => {
      const kept = sparse.byName.get(name)?.values;
      const dense = { variable: uploaded.variables[name], mask: uploaded.masks[name], denseSlots };
      return { name, ...(kept ? { variable: kept, mask: undefined } : dense), decayed: role === 'kernel' };
    });
  const variablesOf = (group: string | undefined, decayed: boolean): Trainable[] =>
    host.variables.all
      .filter((one) => one.group === group)
      .map(({ name, variable }) => ({ name, variable, mask: undefined, decayed }));
  return [
    { options, trainables: [...own, ...variablesOf(undefined, false)] },
    ...[...host.groups].map(([group, how]) => ({
      options: { ...options, weightDecay: 0, ...how },
      trainables: variablesOf(group, true),
    })),
  ];
}
