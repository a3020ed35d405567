import {
  activate,
  type BatchNorm,
  type Conv2d,
  type Dense,
  eachRun,
  INPUT,
  inferShapes,
  type Layer,
  type Network,
  readsPadding,
  type State,
  sourceChannel,
} from '@prunebench/core';

/** What is known of the channels (or features) of a layer's output at inference. */
export interface ConstantChannels {
  /** 1 for those that are the same number for every input, everywhere in the image. */
  readonly constant: Uint8Array;
  /** That number; 0 for the others. */
  readonly values: Float64Array;
}

/**
 * Which channels of a masked network depend on nothing, and what they are: units whose weights are all removed are their bias, behind
 * batch norm and activation. By layer name, the network's input as `INPUT`. A weight that is left counts as not 0.
 */
export function constantChannels(network: Network, state: State): ReadonlyMap<string, ConstantChannels> {
  const found = new Map<string, ConstantChannels>();
  const shapes = inferShapes(network);
  for (const [name, shape] of shapes) {
    const size = shape[shape.length - 1];
    found.set(name, { constant: new Uint8Array(size).fill(name === INPUT ? 0 : 1), values: new Float64Array(size) });
  }
  for (const layer of network.layers) {
    const output = found.get(layer.name)!;
    if (layer.kind === 'conv2d' || layer.kind === 'dense')
      throughKernel(layer, state, {
        input: found.get(layer.inputs[0])!,
        padded: readsPadding(layer, shapes.get(layer.inputs[0])!),
        output,
      });
    else throughChannels(layer, state, { inputs: layer.inputs.map((name) => found.get(name)!), output });
    for (let c = 0; c < output.values.length; c++) if (output.constant[c] === 0) output.values[c] = 0;
  }
  return found;
}

/** A parameter's values, 0 where it is masked. */
export function maskedValues({ parameters, masks }: State, name: string): Float32Array {
  const { values } = parameters[name];
  const mask = masks[name];
  return mask ? values.map((value, i) => value * mask[i]) : values;
}

function throughKernel(
  layer: Conv2d | Dense,
  state: State,
  { input, padded, output }: { input: ConstantChannels; padded: boolean; output: ConstantChannels },
): void {
  const name = `${layer.name}/kernel`;
  const { values, shape } = state.parameters[name];
  const mask = state.masks[name];
  if (layer.useBias) output.values.set(maskedValues(state, `${layer.name}/bias`));
  eachRun(layer, shape, (channel, start, from, to) => {
    const value = input.values[channel];
    const passes = input.constant[channel] === 1 && (value === 0 || !padded);
    for (let unit = from; unit < to; unit++) {
      if (mask?.[start + unit] === 0) continue;
      if (passes) output.values[unit] += value * values[start + unit];
      else output.constant[unit] = 0;
    }
  });
}

function throughChannels(
  layer: Exclude<Layer, Conv2d | Dense>,
  state: State,
  { inputs, output }: { inputs: readonly ConstantChannels[]; output: ConstantChannels },
): void {
  const [{ values, constant }] = inputs;
  const sourceOf = sourceChannel(layer, values.length);
  for (let c = 0; c < output.values.length; c++) {
    const source = sourceOf(c);
    // The zeros of a padded shortcut have no source.
    output.constant[c] = inputs.every((input) => input.constant[source] !== 0) ? 1 : 0;
    output.values[c] = inputs.reduce((sum, input) => sum + (input.values[source] ?? 0), 0);
  }
  if (layer.kind === 'activation') output.values.set(values.map((value) => activate(layer.activation, value)));
  if (layer.kind !== 'batchNorm') return;
  const { scale, shift } = normAtInference(layer, state);
  for (let c = 0; c < scale.length; c++) {
    if (scale[c] === 0) output.constant[c] = 1;
    output.values[c] = constant[c] * scale[c] * values[c] + shift[c];
  }
}

/** A batch norm at inference: scale * x + shift. */
export function normAtInference(
  { name, epsilon }: BatchNorm,
  state: State,
): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const [gamma, beta] = [maskedValues(state, `${name}/gamma`), maskedValues(state, `${name}/beta`)];
  const mean = state.parameters[`${name}/movingMean`].values;
  const variance = state.parameters[`${name}/movingVariance`].values;
  const scale = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c] + epsilon));
  return { scale, shift: scale.map((value, c) => beta[c] - mean[c] * value) };
}
