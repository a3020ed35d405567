/** One parameter as plain data, in row-major order. */
export interface ParameterArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All parameters of a network by name ("conv1/kernel"), in layer order. Never hidden inside layer objects. */
export type ParameterRecord = Readonly<Record<string, ParameterArray>>;

/**
 * Saliency by parameter name: one number per weight (granularity `weight`, in the kernel's flat order)
 * or per output unit (granularity `unit`, one per filter or neuron). Larger means keep.
 */
export type Scores = Readonly<Record<string, Float32Array | Float64Array>>;

/** 0/1 arrays in the flat order of the parameter they belong to; a parameter without an entry is dense. */
export type Masks = Readonly<Record<string, Uint8Array>>;

/** A network's state between two steps of a trial. */
export interface State {
  readonly parameters: ParameterRecord;
  readonly masks: Masks;
}
