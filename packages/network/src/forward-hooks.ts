import type { Layer } from '@prunebench/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Parameters as tensors, by name. */
export type ParameterTensors = Readonly<Record<string, Tensor>>;

/** What changes a forward pass from inside. `More`: what hooks are told besides. */
export interface ForwardHooks<More extends readonly unknown[] = []> {
  /** A parameter as the forward pass shall see it: masks, straight-through scores, stochastic weights. */
  weight?(name: string, value: Tensor, ...more: More): Tensor;
  /** Replaces a layer's computation; `next` is the layer as it would run otherwise. */
  layer?(layer: Layer, inputs: readonly Tensor[], next: () => Tensor, ...more: More): Tensor;
  /** A layer's output: unit gates, taps on activations, added noise. */
  output?(layer: Layer, y: Tensor, ...more: More): Tensor;
  /** Which layers `layer` and `output` are asked about; the others may run fused with their neighbours. Absent: all. */
  watches?(layer: Layer): boolean;
}
