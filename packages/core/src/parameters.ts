import type { Network } from './graph/layer.ts';

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

/** Where a training has stopped in the middle of its schedule, so that a later segment goes on to the same bits. */
export interface TrainingCut {
  /** Updates done, of `totalSteps`. */
  readonly step: number;
  readonly totalSteps: number;
  /** Updates since the optimizer began without history. */
  readonly age: number;
  /** Name of the random stream that the training draws from; its later segments draw from it too, whichever step they are. */
  readonly stream: string;
  /** What the optimizer remembers of every trained tensor: "<name>#0" is a velocity or first moment, "<name>#1" a second one. */
  readonly slots: ParameterRecord;
}

/** A network's state between two steps of a trial. */
export interface State {
  readonly parameters: ParameterRecord;
  readonly masks: Masks;
  /** What extensions of training leave for later steps, by "<extension>/<name>": gates, scores, sums over updates. */
  readonly variables?: ParameterRecord;
  /** Present after a segment of a training that is to go on. */
  readonly cut?: TrainingCut;
  /** The network, where a step has changed it; absent: the trial's own. */
  readonly network?: Network;
}

/** The network that a state is of. */
export function networkOf(state: State, declared: Network): Network {
  return state.network ?? declared;
}
