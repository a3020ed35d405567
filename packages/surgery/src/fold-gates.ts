import {
  type BatchNorm,
  consumers,
  eachRun,
  INPUT,
  inferShapes,
  type Layer,
  type Network,
  outputLayer,
  type ParameterArray,
  PrunebenchError,
  type State,
  sizeOf,
} from '@prunebench/core';
import { maskedValues, normAtInference } from './constant-channels.ts';

/** One number for each channel (or feature) of a layer's output, by layer name. */
export type Gates = Readonly<Record<string, ArrayLike<number>>>;

/**
 * The state of the network in which the output of some layers was multiplied by gates, channel by channel, without the gates: they go
 * into the kernel or the batch norm before them, or else into all kernels and batch norms that read them. On the way a gate passes
 * pooling, dropout and, where none is negative, ReLUs. What a gate of 0 closes is masked, so that `shrink` removes it.
 *
 * @throws PrunebenchError naming the layer, for gates that fit no layer or that stand between layers which no factor passes
 */
export function foldGates(network: Network, state: State, gates: Gates): State {
  const folding = new Folding(network, state);
  for (const [name, gate] of Object.entries(gates)) folding.fold(name, Float64Array.from(gate));
  return folding.state();
}

class Folding {
  readonly #network: Network;
  readonly #layers: ReadonlyMap<string, Layer>;
  readonly #state: State;
  readonly #parameters: Record<string, ParameterArray>;
  readonly #masks: Record<string, Uint8Array>;

  constructor(network: Network, state: State) {
    this.#network = network;
    this.#layers = new Map(network.layers.map((layer) => [layer.name, layer]));
    this.#state = state;
    this.#parameters = { ...state.parameters };
    this.#masks = { ...state.masks };
  }

  state(): State {
    return { ...this.#state, parameters: this.#parameters, masks: this.#masks };
  }

  fold(name: string, gate: Float64Array): void {
    const fault = (what: string, remedy: string) =>
      new PrunebenchError(`Gates of layer ${name} of network ${this.#network.name} cannot be folded: ${what}.`, {
        remedy,
      });
    if (!this.#layers.has(name) && name !== INPUT) throw fault('there is no such layer', 'Name one of its layers.');
    if (!gate.every(Number.isFinite)) throw fault('one of them is not finite', 'Look at what they were learnt from.');
    const steps = this.#backwards(name, gate) ?? this.#forwards(name, gate);
    if (!steps)
      throw fault(
        'on both sides of them stands what no factor passes (an addition, a tanh or sigmoid, the output)',
        'Gate the branches before an addition instead, or what a convolution or dense layer reads.',
      );
    for (const step of steps) step();
  }

  /** What puts the gate into the parameters before it; undefined where that is not possible. */
  #backwards(name: string, gate: Float64Array): readonly (() => void)[] | undefined {
    const layer = this.#layers.get(name);
    if (!layer) return undefined;
    if (layer.kind === 'conv2d' || layer.kind === 'dense')
      return ['kernel', 'bias'].map((role) => () => this.#scale(`${name}/${role}`, (i) => gate[i % gate.length]));
    if (layer.kind === 'batchNorm')
      return ['gamma', 'beta'].map((role) => () => this.#scale(`${name}/${role}`, (i) => gate[i]));
    if (!passes(layer, gate) || consumers(this.#network, layer.inputs[0]).length > 1) return undefined;
    return this.#backwards(layer.inputs[0], gate);
  }

  /** What puts the gate into the parameters that read it; undefined where that is not possible. */
  #forwards(name: string, gate: Float64Array): readonly (() => void)[] | undefined {
    if (name === outputLayer(this.#network).name) return undefined;
    const steps: (() => void)[] = [];
    for (const layer of consumers(this.#network, name)) {
      const behind = this.#into(layer, gate);
      if (!behind) return undefined;
      steps.push(...behind);
    }
    return steps;
  }

  #into(layer: Layer, gate: Float64Array): readonly (() => void)[] | undefined {
    if (layer.kind === 'conv2d' || layer.kind === 'dense') {
      const name = `${layer.name}/kernel`;
      return [
        () => {
          const factors = new Float64Array(sizeOf(this.#parameters[name].shape));
          eachRun(layer, this.#parameters[name].shape, (channel, start, from, to) =>
            factors.fill(gate[channel], start + from, start + to),
          );
          this.#scale(name, (i) => factors[i]);
        },
      ];
    }
    if (layer.kind === 'batchNorm') return [() => this.#intoNorm(layer, gate)];
    if (layer.kind === 'flatten') {
      const [features] = inferShapes(this.#network).get(layer.name)!;
      return this.#forwards(
        layer.name,
        Float64Array.from({ length: features }, (_, f) => gate[f % gate.length]),
      );
    }
    return passes(layer, gate) ? this.#forwards(layer.name, gate) : undefined;
  }

  /** scale (g x) + shift: gamma takes the gate, and beta what keeps the shift as it was. */
  #intoNorm(layer: BatchNorm, gate: Float64Array): void {
    const state = this.state();
    const { scale } = normAtInference(layer, state);
    const mean = this.#parameters[`${layer.name}/movingMean`].values;
    const beta = maskedValues(state, `${layer.name}/beta`).map(
      (value, c) => value + mean[c] * scale[c] * (gate[c] - 1),
    );
    this.#scale(`${layer.name}/gamma`, (c) => gate[c]);
    const name = `${layer.name}/beta`;
    this.#parameters[name] = { shape: this.#parameters[name].shape, values: beta };
    const mask = this.#masks[name];
    if (mask) this.#masks[name] = mask.map((bit, c) => (beta[c] === 0 ? bit : 1));
  }

  #scale(name: string, factor: (flat: number) => number): void {
    const parameter = this.#parameters[name];
    if (!parameter) return;
    const { shape, values } = parameter;
    this.#parameters[name] = { shape, values: values.map((value, i) => value * factor(i)) };
    if (values.every((_, i) => factor(i) !== 0)) return;
    const mask = this.#masks[name] ?? new Uint8Array(values.length).fill(1);
    this.#masks[name] = mask.map((bit, i) => (factor(i) === 0 ? 0 : bit));
  }
}

/** Whether gate * f(x) = f(gate * x) for what the layer does to each channel. */
function passes(layer: Layer, gate: Float64Array): boolean {
  switch (layer.kind) {
    case 'dropout':
    case 'avgPool':
    case 'globalAveragePool':
      return true;
    case 'maxPool':
      return gate.every((value) => value >= 0);
    case 'activation':
      return layer.activation === 'relu' && gate.every((value) => value >= 0);
    default:
      return false;
  }
}
