import type { Network, ParameterRecord, RandomStream, State } from '@prunebench/core';
import {
  type Extension,
  type ForwardHooks,
  type HookContext,
  type NoiseSource,
  noiseSource,
  type ParameterTensors,
  type Seen,
  type TensorScope,
  type Update,
  type VariableGroup,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { ParameterVariables } from '../iteration/parameter-variables.ts';
import { ExtensionVariables } from './extension-variables.ts';
import type { NamedExtension } from './made-extensions.ts';
import { Moments, type MomentTensors } from './moments.ts';

/** What is bound into the hooks of one training. */
interface Hosted extends NamedExtension {
  readonly noise: NoiseSource;
}

/** All extensions of a training: their variables, and their hooks as the training step calls them. */
export class ExtensionHost {
  readonly extensions: readonly NamedExtension[];
  readonly variables: ExtensionVariables;
  readonly moments: Moments;
  /** By "<extension>/<group>". */
  readonly groups: ReadonlyMap<string, VariableGroup>;
  readonly #hosted: readonly Hosted[];
  readonly #uploaded: ParameterVariables;
  readonly #dropout: NoiseSource | undefined;

  /**
   * @param scope for the variables
   */
  constructor(
    network: Network,
    state: State,
    extensions: readonly NamedExtension[],
    { random, uploaded, scope }: { random: RandomStream; uploaded: ParameterVariables; scope: TensorScope },
  ) {
    this.extensions = extensions;
    this.variables = new ExtensionVariables(network, extensions, state, scope);
    this.groups = new Map(
      extensions.flatMap(({ id, extension }) =>
        Object.entries(extension.groups ?? {}).map(([group, how]) => [`${id}/${group}`, how] as const),
      ),
    );
    this.#hosted = extensions.map((named) => ({ ...named, noise: noiseSource(random.fork('noise').fork(named.id)) }));
    this.#uploaded = uploaded;
    const drops = network.layers.some(({ kind }) => kind === 'dropout');
    this.#dropout = drops ? noiseSource(random.fork('dropout')) : undefined;
    this.moments = new Moments(extensions, extensions.length > 0 || drops);
  }

  /** Whether any extension has this hook. */
  has(hook: keyof Extension): boolean {
    return this.extensions.some(({ extension }) => extension[hook] !== undefined);
  }

  isFrozen(name: string): boolean {
    return this.extensions.some(({ extension }) => extension.frozen?.(name) ?? false);
  }

  /** What the forward pass gets of this moment. */
  forwardOptions(moment: MomentTensors | undefined, training: boolean) {
    if (!moment) return { training, hooks: [] };
    return {
      training,
      hooks: this.#hosted
        .filter(({ extension }) => changesForward(extension))
        .map((one) => this.#bound(one, moment, training)),
      ...(this.#dropout ? { noise: this.#dropout(moment.counter) } : {}),
    };
  }

  /** The sum of all penalties; undefined where there is none. */
  penalty(parameters: ParameterTensors, moment: MomentTensors): tf.Scalar | undefined {
    return sumOf(
      this.#hosted.flatMap((one) => one.extension.penalty?.(parameters, this.#context(one, moment, true)) ?? []),
    );
  }

  /** The sum of all terms that look at outputs; undefined where there is none. */
  loss(seen: Seen, moment: MomentTensors): tf.Scalar | undefined {
    return sumOf(this.#hosted.flatMap((one) => one.extension.loss?.(seen, this.#context(one, moment, true)) ?? []));
  }

  /** Names of the layers whose outputs `loss` reads. */
  get taps(): ReadonlySet<string> {
    return new Set(this.extensions.flatMap(({ extension }) => extension.taps ?? []));
  }

  gradients(
    gradients: Record<string, tf.Tensor>,
    parameters: ParameterTensors,
    moment: MomentTensors,
  ): Record<string, tf.Tensor> {
    const changed = { ...gradients };
    for (const one of this.#hosted)
      Object.assign(changed, one.extension.gradients?.(changed, parameters, this.#context(one, moment, true)));
    return changed;
  }

  /** Calls `afterUpdate` of each, with what the one before has made of the parameters. */
  afterUpdate(parameters: ParameterTensors, moment: MomentTensors, assign: (changed: ParameterTensors) => void): void {
    for (const one of this.#hosted)
      if (one.extension.afterUpdate) assign(one.extension.afterUpdate(parameters, this.#context(one, moment, true)));
    this.variables.clamp();
  }

  accumulate(update: Update, moment: MomentTensors): void {
    for (const one of this.#hosted) {
      const sums = one.extension.accumulate?.(update, this.#context(one, moment, true)) ?? {};
      const own = this.variables.byExtension.get(one.id)!;
      for (const [name, value] of Object.entries(sums)) {
        if (!own[name]) throw new Error(`accumulate: extension ${one.id} has no variable ${name}`);
        own[name].assign(tf.clone(value));
      }
    }
  }

  /** What is left of the last state. */
  finish(state: State): State {
    return this.extensions.reduce(
      (before, { id, extension }) => extension.finish?.(before, ownOf(id, before)) ?? before,
      state,
    );
  }

  #bound(one: Hosted, moment: MomentTensors, training: boolean): ForwardHooks {
    const { extension } = one;
    const context = this.#context(one, moment, training);
    return {
      ...(extension.weight && { weight: (name, value) => extension.weight!(name, value, context) }),
      ...(extension.layer && { layer: (layer, inputs, next) => extension.layer!(layer, inputs, next, context) }),
      ...(extension.output && { output: (layer, y) => extension.output!(layer, y, context) }),
      ...(extension.watches && { watches: (layer) => extension.watches!(layer) }),
    };
  }

  #context({ id, noise }: Hosted, moment: MomentTensors, training: boolean): HookContext {
    return {
      training,
      variables: this.variables.byExtension.get(id)!,
      parameters: this.#uploaded.variables,
      masks: this.#uploaded.masks,
      scalars: moment.scalars.get(id)!,
      learningRate: moment.learningRate,
      random: noise(moment.counter),
    };
  }
}

function ownOf(id: string, { variables = {} }: State): ParameterRecord {
  const own = Object.entries(variables).filter(([name]) => name.startsWith(`${id}/`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(id.length + 1), value]));
}

function changesForward({ weight, layer, output }: Extension): boolean {
  return weight !== undefined || layer !== undefined || output !== undefined;
}

function sumOf(terms: readonly tf.Scalar[]): tf.Scalar | undefined {
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => tf.add(sum, term));
}
