import {
  type Masks,
  type Network,
  type ParameterRecord,
  type RandomStream,
  type State,
  sizeOf,
  type TrainOptions,
} from '@prunebench/core';
import { type CompiledStep, ofRank, type StepValues, stepCompiler, TensorScope, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { EventCalendar } from '../extensions/event-calendar.ts';
import { ExtensionHost } from '../extensions/extension-host.ts';
import type { NamedExtension } from '../extensions/made-extensions.ts';
import { type Part, spentTime } from '../spent-time.ts';
import { learningRateAt } from './learning-rate.ts';
import { assignTensors, type ParameterVariables, readTensors, uploadState } from './parameter-variables.ts';
import { RunningStatistics } from './running-statistics.ts';
import { TrainingParts } from './training-parts.ts';
import { gradientsOfLoss, type StepSubject, trainingStep } from './training-step.ts';

/** Recording a step takes about as long as running it. */
const STEPS_WORTH_COMPILING = 10;

/** How long a training is, and what it draws from. */
export interface TrainingPlan {
  readonly extensions: readonly NamedExtension[];
  readonly random: RandomStream;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Where this segment begins; absent: 0. */
  readonly firstStep?: number;
}

/** Everything that training moves, at one moment. */
export interface TrainingSnapshot {
  readonly parameters: ParameterRecord;
  readonly variables: ParameterRecord;
  readonly masks: Masks;
}

/** A network while it is trained: tensors, optimizers and extensions, one step after the other. */
export class TrainingRun implements Disposable {
  readonly uploaded: ParameterVariables;
  readonly host: ExtensionHost;
  readonly events: EventCalendar;
  readonly plan: TrainingPlan;
  readonly #scope: TensorScope;
  readonly #network: Network;
  readonly #options: TrainOptions;
  readonly #statistics: RunningStatistics;
  #masks: Masks;
  #parts: TrainingParts;
  #compiled: { step: CompiledStep | undefined } | undefined;
  #step: number;
  /** Since the optimizers began without history. */
  #age: number;

  constructor(network: Network, state: State, options: TrainOptions, plan: TrainingPlan) {
    this.#network = network;
    this.#options = options;
    this.plan = plan;
    this.#masks = state.masks;
    using scope = new TensorScope();
    this.uploaded = uploadState(network, state, scope);
    const { uploaded } = this;
    this.host = new ExtensionHost(network, state, plan.extensions, { random: plan.random, uploaded, scope });
    this.events = new EventCalendar(plan);
    this.#statistics = new RunningStatistics(network, this.uploaded.variables, (name) => this.host.isFrozen(name));
    const cut = plan.firstStep ? state.cut : undefined;
    this.#step = plan.firstStep ?? 0;
    this.#age = cut?.age ?? this.#step;
    this.#parts = new TrainingParts(this.#source, state.masks, cut?.slots);
    this.#scope = scope.move();
  }

  /** Steps done, those of earlier segments too. */
  get step(): number {
    return this.#step;
  }

  /** Of the step that comes next. */
  get learningRate(): number {
    const { totalSteps } = this.plan;
    return learningRateAt(this.#options, Math.min(this.#step, totalSteps - 1), totalSteps);
  }

  get network(): Network {
    return this.#network;
  }

  get masks(): Masks {
    return this.#masks;
  }

  /** Names of the kernels of which only the kept weights are multiplied and trained. */
  get sparseKernels(): readonly string[] {
    return this.#parts.sparseKernels;
  }

  /** Steps since the optimizers began without history. */
  get age(): number {
    return this.#age;
  }

  /** Trains on one batch and gives its loss; a scalar the caller disposes. */
  advance(x: Float32Array, y: Int32Array): tf.Scalar | number {
    const rates = this.#parts.updates.ratesAt(this.#step, this.plan.totalSteps, this.#age);
    const moment = this.host.moments.at(this.#step, this.learningRate);
    const compiled = y.length === this.#options.batchSize ? this.#compiledStep() : undefined;
    const inputs = () => [x, y, ...rates.map((values) => Float32Array.from(values)), ...moment];
    const kind: Part = this.sparseKernels.length > 0 ? 'sparse steps' : 'dense steps';
    const loss = spentTime.during(compiled ? kind : 'steps not compiled', () =>
      compiled ? compiled.run(...inputs())[0][0] : this.#eagerStep(x, y, rates, moment),
    );
    this.#step++;
    this.#age++;
    return loss;
  }

  /** Counts the step that an event stood for. */
  skip(): void {
    this.#step++;
    this.#age++;
  }

  /**
   * Mean loss and gradients of a batch with respect to every kernel, bias and batch norm, at removed weights too; nothing moves. Of what
   * stands in `uploaded`: `settle` first.
   */
  async gradients(x: Float32Array, y: Int32Array): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
    const moment = this.host.moments.at(this.#step, this.learningRate);
    using scope = new TensorScope();
    const trainables = this.#parts.updates.trainables
      .filter(({ name }) => this.uploaded.variables[name])
      .map(({ name }) => ({ name, variable: this.uploaded.variables[name] }));
    const { value, gradients } = scope.make(() => {
      const batch = { ...this.#batch(x, y), moment: this.host.moments.named(this.host.moments.tensors(moment)) };
      return { ...gradientsOfLoss({ ...this.#subject, sparse: new Map() }, batch, trainables) };
    });
    this.#statistics.collector.clear();
    const read: Record<string, Float32Array> = {};
    for (const { name, variable } of trainables)
      read[name] = gradients[name]
        ? (await gradients[name].data<'float32'>()).slice()
        : new Float32Array(variable.size);
    return { loss: (await value.data())[0], gradients: read };
  }

  /** Brings the parameters up to date in `uploaded`, where sparse steps leave them behind. */
  settle(): void {
    this.#parts.sparse.scatter();
  }

  /** Takes what was written into `uploaded`, where sparse steps have values of their own. */
  resume(): void {
    this.#parts.sparse.gather();
  }

  /** What the optimizers remember: see `TrainingCut`. */
  slots(): Promise<ParameterRecord> {
    return this.#parts.slots();
  }

  /** What the optimizers remember of one trained tensor. */
  slotsOf(name: string): Promise<readonly Float32Array[]> {
    return this.#parts.slotsOf(name);
  }

  /** The optimizers forget everything. */
  clearSlots(): void {
    for (const slots of this.#parts.updates.slots.values())
      for (const slot of slots) tf.tidy(() => slot.assign(tf.zerosLike(slot)));
    this.#age = 0;
  }

  /**
   * Trains under these masks from here on.
   *
   * @param slots what the optimizers remember from here on
   */
  moveMasks(masks: Masks, slots: ParameterRecord): void {
    this.#masks = masks;
    for (const [name, mask] of Object.entries(masks)) this.uploaded.setMask(name, mask, this.#scope);
    this.#forgetCompiled();
    this.#parts.dispose();
    this.#parts = new TrainingParts(this.#source, masks, slots);
  }

  /** Copies of everything that training moves. */
  async snapshot(): Promise<TrainingSnapshot> {
    const [parameters, variables] = [await this.uploaded.read(), await readTensors(this.host.variables.byName)];
    return { parameters, variables, masks: this.#masks };
  }

  /** Takes a snapshot's values, for evaluations; masks stay those of the training. */
  restore({ parameters, variables }: TrainingSnapshot): void {
    assignTensors(this.uploaded.variables, parameters);
    assignTensors(this.host.variables.byName, variables);
  }

  dispose(): void {
    this.#forgetCompiled();
    this.#parts.dispose();
    this.#scope.dispose();
    this.#statistics.collector.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #batch(x: Float32Array, y: Int32Array): { x: tf.Tensor; labels: tf.Tensor1D } {
    return {
      x: tf.tensor(x, [y.length, ...this.#network.inputShape], 'float32'),
      labels: tf.tensor1d(y, 'int32'),
    };
  }

  #eagerStep(x: Float32Array, y: Int32Array, rates: readonly number[][], moment: readonly StepValues[]): tf.Scalar {
    const { moments } = this.host;
    // Outside the tidy: the updates keep them.
    const rateTensors = this.#parts.updates.ratesTensors(rates);
    return tidy(() =>
      trainingStep(this.#subject, {
        ...this.#batch(x, y),
        rates: rateTensors,
        moment: moments.named(moments.tensors(moment)),
      }),
    );
  }

  /** The step for batches of full size, where the backend can compile it. */
  #compiledStep(): CompiledStep | undefined {
    if (!this.#compiled && this.events.stepsAhead(this.#step) < STEPS_WORTH_COMPILING) return undefined;
    this.#compiled ??= { step: spentTime.during('compile', () => this.#compile()) };
    return this.#compiled.step;
  }

  #forgetCompiled(): void {
    this.#compiled?.step?.dispose();
    this.#compiled = undefined;
  }

  #compile(): CompiledStep | undefined {
    const compile = stepCompiler();
    if (!compile) return undefined;
    const { batchSize } = this.#options;
    const { updates, sparse } = this.#parts;
    const { moments, variables } = this.host;
    using scope = new TensorScope();
    const examples = scope.make(() => [
      ...Object.values(
        this.#batch(new Float32Array(batchSize * sizeOf(this.#network.inputShape)), new Int32Array(batchSize)),
      ),
      ...updates.ratesShapes.map((shape) => tf.zeros([...shape])),
      ...moments.tensors(moments.at(this.#step, this.learningRate)),
    ]);
    const kept = [...sparse.byName.values()].map(({ values }) => values);
    const state = [
      ...Object.values(this.uploaded.variables),
      ...kept,
      ...[...updates.slots.values()].flat(),
      ...variables.all.map(({ variable }) => variable),
    ];
    const groups = updates.ratesShapes.length;
    const body = ([x, labels, ...more]: tf.Tensor[]) => [
      trainingStep(this.#subject, {
        x,
        labels: ofRank(labels, 1),
        rates: more.slice(0, groups),
        moment: moments.named(more.slice(groups)),
      }),
    ];
    try {
      return compile(body, examples, state);
    } finally {
      // What a recording that was given up has left there.
      this.#statistics.collector.clear();
    }
  }

  get #source() {
    return { network: this.#network, options: this.#options, uploaded: this.uploaded, host: this.host };
  }

  get #subject(): StepSubject {
    return {
      network: this.#network,
      variables: this.uploaded.variables,
      masks: this.uploaded.masks,
      updates: this.#parts.updates,
      statistics: this.#statistics,
      host: this.host,
      sparse: this.#parts.sparse.byName,
    };
  }
}
