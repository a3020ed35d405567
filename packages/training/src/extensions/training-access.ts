import { checkMasks, type Masks, type ParameterArray, type ParameterRecord, type RandomStream } from '@prunebench/core';
import type { TrainingAccess } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { slotName } from '../iteration/training-parts.ts';
import type { TrainingRun } from '../iteration/training-run.ts';
import type { NamedExtension } from './made-extensions.ts';

/** The batch of the update that comes next. */
interface NextBatch {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** What came of an event. */
export interface EventOutcome {
  /** Whether it stood for the update that would come next. */
  readonly replaced: boolean;
  /** Mean loss of the batch, where the event took its gradients. */
  readonly loss: number | undefined;
}

export const NO_EVENT: EventOutcome = { replaced: false, loss: undefined };

/**
 * Holds the events of these extensions, one after the other.
 *
 * @param batch of the update that comes next; absent between epochs
 */
export async function holdEvents(
  run: TrainingRun,
  extensions: readonly NamedExtension[],
  batch?: NextBatch,
): Promise<EventOutcome> {
  if (extensions.length === 0) return NO_EVENT;
  run.settle();
  let { replaced, loss } = NO_EVENT;
  for (const { id, extension } of extensions) {
    const access = new EventAccess(run, id, batch);
    await extension.event?.(access);
    replaced ||= access.outcome.replaced;
    loss ??= access.outcome.loss;
  }
  run.resume();
  return { replaced, loss };
}

/** A training as one extension's event sees it. */
class EventAccess implements TrainingAccess {
  readonly #run: TrainingRun;
  readonly #id: string;
  readonly #batch: NextBatch | undefined;
  #replaced = false;
  #loss: number | undefined;

  constructor(run: TrainingRun, id: string, batch: NextBatch | undefined) {
    this.#run = run;
    this.#id = id;
    this.#batch = batch;
  }

  get outcome(): EventOutcome {
    return { replaced: this.#replaced, loss: this.#loss };
  }

  get update(): number {
    return this.#run.step;
  }

  get totalUpdates(): number {
    return this.#run.plan.totalSteps;
  }

  get epoch(): number {
    return this.#run.step / this.#run.plan.stepsPerEpoch;
  }

  get learningRate(): number {
    return this.#run.learningRate;
  }

  get masks(): Masks {
    return this.#run.masks;
  }

  get random(): RandomStream {
    return this.#run.plan.random.fork('event').fork(this.#id).fork(String(this.update));
  }

  async read(name: string): Promise<Float32Array> {
    return (await this.#variable(name).data<'float32'>()).slice();
  }

  write(name: string, values: Float32Array): void {
    const variable = this.#variable(name);
    if (values.length !== variable.size)
      throw new Error(`write: ${values.length} values for ${name}, which has ${variable.size}`);
    const mask = this.#run.uploaded.masks[name];
    tf.tidy(() => {
      const value = tf.tensor(values.slice(), variable.shape, 'float32');
      variable.assign(mask ? tf.mul(value, mask) : value);
    });
  }

  slots(name: string): Promise<readonly Float32Array[]> {
    return this.#run.slotsOf(name);
  }

  async setMasks(masks: Masks, slots: 'clear' | 'keep' = 'clear'): Promise<void> {
    checkMasks(this.#run.network, masks);
    const before = this.#run.masks;
    // What opens is 0 already: whatever writes to a parameter, here or in a step, masks it.
    const kept = await this.#run.slots();
    this.#run.moveMasks({ ...before, ...masks }, slots === 'keep' ? kept : clearedSlots(kept, before, masks));
  }

  clearSlots(): void {
    this.#run.clearSlots();
  }

  async gradients(): Promise<Readonly<Record<string, Float32Array>>> {
    if (!this.#batch) throw new Error(`event of ${this.#id}: gradients() between epochs, where there is no batch`);
    const { loss, gradients } = await this.#run.gradients(this.#batch.x, this.#batch.y);
    this.#loss = loss;
    return gradients;
  }

  replaceUpdate(): void {
    if (!this.#batch) throw new Error(`event of ${this.#id}: replaceUpdate() between epochs, where there is no update`);
    this.#replaced = true;
  }

  #variable(name: string): tf.Variable {
    const own = this.#run.host.variables.byExtension.get(this.#id)?.[name];
    const found = this.#run.uploaded.variables[name] ?? own;
    if (!found) throw new Error(`event of ${this.#id}: there is no parameter or variable ${name}`);
    return found;
  }
}

/** The slots without what they say of weights that were closed or opened. */
function clearedSlots(slots: ParameterRecord, before: Masks, after: Masks): ParameterRecord {
  const cleared: Record<string, ParameterArray> = { ...slots };
  for (const [name, mask] of Object.entries(after)) {
    const old = before[name];
    for (let i = 0; slots[slotName(name, i)]; i++) {
      const { shape, values } = slots[slotName(name, i)];
      const left = values.slice();
      for (let at = 0; at < left.length; at++) if ((old ? old[at] : 1) !== mask[at]) left[at] = 0;
      cleared[slotName(name, i)] = { shape, values: left };
    }
  }
  return cleared;
}
