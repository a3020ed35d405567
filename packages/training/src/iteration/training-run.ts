import {
  type Network,
  type ParameterRecord,
  PrunebenchError,
  parameterSpecs,
  type RandomStream,
  type State,
  type TrainOptions,
} from '@prunebench/core';
import { type CompiledStep, type Extension, stepCompiler, TensorScope, type TrainingState } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { chooseSparse } from '../sparse/choose.ts';
import { SparseKernels } from '../sparse/sparse-kernels.ts';
import { learningRateAt } from './learning-rate.ts';
import { createOptimizer, type Optimizer, type Trainable } from './optimizer.ts';
import { type ParameterVariables, readTensors, uploadState } from './parameter-variables.ts';
import { RunningStatistics } from './running-statistics.ts';
import { takesPartInSteps } from './step-hooks.ts';
import { type StepSubject, trainingStep } from './training-step.ts';

/** Recording a step takes about as long as running it. */
const STEPS_WORTH_COMPILING = 10;

/** A network while it is trained: tensors, optimizer and extensions, one step after the other. */
export class TrainingRun implements Disposable {
  readonly extensions: readonly Extension[];
  readonly uploaded: ParameterVariables;
  /** Names of the kernels of which only the kept weights are multiplied and trained: see `chooseSparse`. */
  readonly sparseKernels: readonly string[];
  readonly #scope: TensorScope;
  readonly #network: Network;
  readonly #sparse: SparseKernels;
  readonly #options: TrainOptions;
  readonly #totalSteps: number;
  readonly #stepsPerEpoch: number;
  readonly #extensionVariables: Readonly<Record<string, tf.Variable>>;
  readonly #trainables: readonly Trainable[];
  readonly #optimizer: Optimizer;
  readonly #statistics: RunningStatistics;
  readonly #dropout: RandomStream | undefined;
  #rates: { values: readonly number[]; tensor: tf.Tensor } | undefined;
  #compiled: { step: CompiledStep | undefined } | undefined;
  #step = 0;

  constructor(
    network: Network,
    state: State,
    options: TrainOptions,
    plan: { extensions: readonly Extension[]; random: RandomStream; totalSteps: number; stepsPerEpoch: number },
  ) {
    this.#network = network;
    this.#options = options;
    this.extensions = plan.extensions;
    this.#totalSteps = plan.totalSteps;
    this.#stepsPerEpoch = plan.stepsPerEpoch;
    this.#extensionVariables = variablesOf(network, plan.extensions);
    using scope = new TensorScope();
    this.uploaded = uploadState(network, state, scope);
    this.sparseKernels = chooseSparse(network, state, options, plan.extensions);
    this.#sparse = new SparseKernels(network, state.masks, this.uploaded.variables, this.sparseKernels, scope);
    this.#trainables = this.#listTrainables();
    this.#optimizer = scope.adopt(createOptimizer(this.#trainables, options));
    this.#statistics = new RunningStatistics(network, this.uploaded.variables);
    this.#dropout = network.layers.some(({ kind }) => kind === 'dropout') ? plan.random.fork('dropout') : undefined;
    this.#scope = scope.move();
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Of the step that comes next. */
  get learningRate(): number {
    return learningRateAt(this.#options, Math.min(this.#step, this.#totalSteps - 1), this.#totalSteps);
  }

  /** Trains on one batch and gives its loss; a scalar the caller disposes. */
  advance(x: Float32Array, y: Int32Array): tf.Scalar | number {
    const learningRate = this.learningRate;
    const rates = this.#optimizer.ratesAt(this.#step, learningRate);
    const compiled = y.length === this.#options.batchSize ? this.#compiledStep() : undefined;
    const loss = compiled ? compiled.run(x, y, Float32Array.from(rates))[0][0] : this.#eagerStep(x, y, rates);
    this.#step++;
    try {
      this.#afterStep(learningRate);
    } catch (error) {
      if (typeof loss !== 'number') loss.dispose();
      throw error;
    }
    return loss;
  }

  #eagerStep(x: Float32Array, y: Int32Array, rates: readonly number[]): tf.Scalar {
    const input = tf.tensor(x, [y.length, ...this.#network.inputShape], 'float32');
    const labels = tf.tensor1d(y, 'int32');
    const random = this.#dropout?.fork(String(this.#step));
    try {
      return trainingStep(this.#subject, input, labels, this.#ratesTensor(rates), random);
    } finally {
      tf.dispose([input, labels]);
    }
  }

  /** The step for batches of full size, where the backend can compile it: not what dropout or extensions change from step to step. */
  #compiledStep(): CompiledStep | undefined {
    this.#compiled ??= { step: this.#compile() };
    return this.#compiled.step;
  }

  #compile(): CompiledStep | undefined {
    const compile = stepCompiler();
    const changing = this.#dropout !== undefined || this.extensions.some(takesPartInSteps);
    if (!compile || changing || this.#totalSteps < STEPS_WORTH_COMPILING) return;
    const { batchSize } = this.#options;
    using scope = new TensorScope();
    const examples = scope.make(() => [
      tf.zeros([batchSize, ...this.#network.inputShape]),
      tf.zeros([batchSize], 'int32'),
      tf.zeros([...this.#optimizer.ratesShape]),
    ]);
    const kept = [...this.#sparse.byName.values()].map(({ values }) => values);
    const state = [...Object.values(this.uploaded.variables), ...kept, ...[...this.#optimizer.state.values()].flat()];
    const body = ([x, y, rates]: tf.Tensor[]) => [trainingStep(this.#subject, x, y as tf.Tensor1D, rates, undefined)];
    try {
      return compile(body, examples, state);
    } finally {
      // What a recording that was given up has left there.
      this.#statistics.collector.clear();
    }
  }

  #afterStep(learningRate: number): void {
    const watching = this.extensions.filter(({ afterStep }) => afterStep);
    if (watching.length === 0) return;
    const state = this.#trainingState(learningRate);
    tf.tidy(() => {
      for (const extension of watching) extension.afterStep!(state);
    });
  }

  /** Brings the parameters up to date in `uploaded`, where sparse steps leave them behind, and lets the extensions do what they do between epochs. */
  async finishEpoch(learningRate: number): Promise<void> {
    this.#sparse.scatter();
    const watching = this.extensions.filter(({ afterEpoch }) => afterEpoch);
    for (const extension of watching) await extension.afterEpoch!(this.#trainingState(learningRate));
    if (watching.length > 0) this.#sparse.gather();
  }

  /** Copies of all parameters and extension variables. */
  async snapshot(): Promise<{ parameters: ParameterRecord; extensionVariables: ParameterRecord }> {
    return { parameters: await this.uploaded.read(), extensionVariables: await readTensors(this.#extensionVariables) };
  }

  /** Takes a snapshot's values. */
  restore(snapshot: { parameters: ParameterRecord; extensionVariables: ParameterRecord }): void {
    assignAll(this.uploaded.variables, snapshot.parameters);
    assignAll(this.#extensionVariables, snapshot.extensionVariables);
    this.#sparse.gather();
  }

  dispose(): void {
    this.#compiled?.step?.dispose();
    this.#scope.dispose();
    this.#statistics.collector.clear();
    this.#rates?.tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #subject(): StepSubject {
    return {
      network: this.#network,
      variables: this.uploaded.variables,
      trainables: this.#trainables,
      optimizer: this.#optimizer,
      statistics: this.#statistics,
      extensions: this.extensions,
      sparse: this.#sparse.byName,
    };
  }

  #listTrainables(): readonly Trainable[] {
    const own = parameterSpecs(this.#network)
      .filter(({ trainable }) => trainable)
      .map(({ name, role }) => {
        const kept = this.#sparse.byName.get(name)?.values;
        const dense = { variable: this.uploaded.variables[name], mask: this.uploaded.masks[name] };
        return { name, ...(kept ? { variable: kept, mask: undefined } : dense), decayed: role === 'kernel' };
      });
    const extra = Object.entries(this.#extensionVariables).map(([name, variable]) => ({
      name,
      variable,
      mask: undefined,
      decayed: false,
    }));
    return [...own, ...extra];
  }

  /** Uploaded again only when a value changes. */
  #ratesTensor(values: readonly number[]): tf.Tensor {
    if (this.#rates?.values.every((value, i) => value === values[i])) return this.#rates.tensor;
    this.#rates?.tensor.dispose();
    this.#rates = { values, tensor: tf.tensor([...values], [...this.#optimizer.ratesShape], 'float32') };
    return this.#rates.tensor;
  }

  #trainingState(learningRate: number): TrainingState {
    const { variables, masks } = this.uploaded;
    return {
      step: this.#step,
      epoch: this.#step / this.#stepsPerEpoch,
      totalSteps: this.#totalSteps,
      learningRate,
      parameters: variables,
      assign(name, value) {
        const variable = variables[name];
        if (!variable) throw new Error(`assign: there is no parameter ${name}`);
        tf.tidy(() => variable.assign(masks[name] ? tf.mul(value, masks[name]) : tf.clone(value)));
      },
    };
  }
}

/**
 * The extensions' own variables. They must be `tf.Variable`s: the extension goes on reading them while training moves them.
 *
 * @throws PrunebenchError when two have the same name, or one is called like a parameter
 */
function variablesOf(network: Network, extensions: readonly Extension[]): Record<string, tf.Variable> {
  const taken = new Set(parameterSpecs(network).map(({ name }) => name));
  const found: Record<string, tf.Variable> = {};
  for (const extension of extensions) {
    for (const [name, variable] of Object.entries(extension.variables ?? {})) {
      if (taken.has(name))
        throw new PrunebenchError(`An extension's variable is called ${name}, and so is something else.`, {
          remedy: 'Give every variable a name of its own.',
        });
      if (!(variable instanceof tf.Variable)) throw new Error(`The extension's variable ${name} is not a tf.Variable.`);
      taken.add(name);
      found[name] = variable;
    }
  }
  return found;
}

function assignAll(variables: Readonly<Record<string, tf.Variable>>, values: ParameterRecord): void {
  for (const [name, { shape, values: array }] of Object.entries(values))
    tf.tidy(() => variables[name].assign(tf.tensor(array, [...shape], 'float32')));
}
