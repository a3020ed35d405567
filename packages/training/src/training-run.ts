import {
  type Extension,
  type Network,
  type ParameterRecord,
  PrunebenchError,
  parameterSpecs,
  type RandomStream,
  type State,
  type TrainingState,
  type TrainOptions,
} from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { learningRateAt } from './learning-rate.ts';
import { createOptimizer, type Optimizer, type Trainable } from './optimizer.ts';
import { type ParameterVariables, readTensors, uploadState } from './parameter-variables.ts';
import { RunningStatistics } from './running-statistics.ts';
import { trainingStep } from './training-step.ts';

/** A network while it is trained: tensors, optimizer and extensions, one step after the other. */
export class TrainingRun {
  readonly extensions: readonly Extension[];
  readonly uploaded: ParameterVariables;
  readonly #network: Network;
  readonly #options: TrainOptions;
  readonly #totalSteps: number;
  readonly #stepsPerEpoch: number;
  readonly #extensionVariables: Readonly<Record<string, tf.Variable>>;
  readonly #trainables: readonly Trainable[];
  readonly #optimizer: Optimizer;
  readonly #statistics: RunningStatistics;
  readonly #dropout: RandomStream | undefined;
  #rates: { values: readonly number[]; tensor: tf.Tensor } | undefined;
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
    this.uploaded = uploadState(network, state);
    this.#trainables = this.#listTrainables();
    this.#optimizer = createOptimizer(this.#trainables, options);
    this.#statistics = new RunningStatistics(network, this.uploaded.variables);
    this.#dropout = network.layers.some(({ kind }) => kind === 'dropout') ? plan.random.fork('dropout') : undefined;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** Of the step that comes next. */
  get learningRate(): number {
    return learningRateAt(this.#options, Math.min(this.#step, this.#totalSteps - 1), this.#totalSteps);
  }

  /** Trains on one batch and gives its loss, which the caller disposes. */
  advance(x: Float32Array, y: Int32Array): tf.Scalar {
    const learningRate = this.learningRate;
    const rates = this.#ratesTensor(this.#optimizer.ratesAt(this.#step, learningRate));
    const input = tf.tensor(x, [y.length, ...this.#network.inputShape], 'float32');
    const labels = tf.tensor1d(y, 'int32');
    const random = this.#dropout?.fork(String(this.#step));
    const loss = trainingStep(this.#subject, input, labels, rates, random);
    tf.dispose([input, labels]);
    this.#step++;
    this.#afterStep(learningRate);
    return loss;
  }

  #afterStep(learningRate: number): void {
    const watching = this.extensions.filter(({ afterStep }) => afterStep);
    if (watching.length === 0) return;
    const state = this.#trainingState(learningRate);
    tf.tidy(() => {
      for (const extension of watching) extension.afterStep!(state);
    });
  }

  /** Lets the extensions do what they do between epochs. */
  async finishEpoch(learningRate: number): Promise<void> {
    for (const extension of this.extensions) await extension.afterEpoch?.(this.#trainingState(learningRate));
  }

  /** Copies of all parameters and extension variables. */
  async snapshot(): Promise<{ parameters: ParameterRecord; extensionVariables: ParameterRecord }> {
    return { parameters: await this.uploaded.read(), extensionVariables: await readTensors(this.#extensionVariables) };
  }

  /** Takes a snapshot's values. */
  restore(snapshot: { parameters: ParameterRecord; extensionVariables: ParameterRecord }): void {
    assignAll(this.uploaded.variables, snapshot.parameters);
    assignAll(this.#extensionVariables, snapshot.extensionVariables);
  }

  dispose(): void {
    this.uploaded.dispose();
    this.#optimizer.dispose();
    this.#statistics.collector.clear();
    this.#rates?.tensor.dispose();
  }

  get #subject() {
    return {
      network: this.#network,
      variables: this.uploaded.variables,
      trainables: this.#trainables,
      optimizer: this.#optimizer,
      statistics: this.#statistics,
      extensions: this.extensions,
    };
  }

  #listTrainables(): readonly Trainable[] {
    const own = parameterSpecs(this.#network)
      .filter(({ trainable }) => trainable)
      .map(({ name, role }) => ({
        name,
        variable: this.uploaded.variables[name],
        mask: this.uploaded.masks[name],
        decayed: role === 'kernel',
      }));
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
    tf.tidy(() => variables[name].assign(tf.tensor(array.slice(), [...shape], 'float32')));
}
