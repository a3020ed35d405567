import {
  type ExtensionEntry,
  type Masks,
  type Network,
  type ParameterArray,
  type ParameterRecord,
  parsedOptions,
  type RandomStream,
  type State,
  type TrainOptions,
} from '@prunebench/core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { ForwardHooks, ParameterTensors } from './forward-hooks.ts';
import type { Noise } from './noise.ts';

/**
 * What a hook may use besides the tensors it is called with. A training step is recorded once and replayed, so a hook must be a pure
 * function of tensors: whatever changes from update to update comes from here.
 */
export interface HookContext {
  /** Whether gradients are taken of it, or the network is evaluated. */
  readonly training: boolean;
  /** The network's parameters as they are, running statistics included. */
  readonly parameters: ParameterTensors;
  /** The extension's own variables, by the names that it gave them. */
  readonly variables: ParameterTensors;
  /** 0/1 tensors of the masked parameters. */
  readonly masks: ParameterTensors;
  /** What `scalars` says of this update. */
  readonly scalars: Readonly<Record<string, Scalar>>;
  /** Of the network's parameters in this update. */
  readonly learningRate: Scalar;
  /** Random numbers of this update, or of this batch of an evaluation. */
  readonly random: Noise;
}

/** A tensor that an extension brings: gates, scores, log alpha, a sum over updates. */
export interface ExtensionVariable {
  /** At the start, where the state before the training has none of this name. */
  readonly value: ParameterArray;
  /** Which of `groups` moves it; absent: the optimizer of the network's parameters, without weight decay. Null: gradients do not move it. */
  readonly group?: string | null;
  /** It is cut to this range after every update. */
  readonly clamp?: readonly [low: number, high: number];
}

/** How a group of variables is optimized; what is absent is as for the network's parameters, weight decay 0. */
export type VariableGroup = Partial<
  Pick<TrainOptions, 'optimizer' | 'learningRate' | 'schedule' | 'warmup' | 'weightDecay'>
>;

/** What a term of the loss may look at. */
export interface Seen {
  /** [n, units] before the softmax. */
  readonly outputs: Tensor;
  /** [n] int32 */
  readonly labels: Tensor1D;
  /** [n, ...inputShape] */
  readonly images: Tensor;
  readonly parameters: ParameterTensors;
  /** Outputs of the layers that the extension lists in `taps`. */
  readonly taps: ParameterTensors;
}

/** An update as it was made. */
export interface Update {
  /** Of the mean loss without penalties. */
  readonly gradients: ParameterTensors;
  readonly before: ParameterTensors;
  readonly after: ParameterTensors;
}

/** When `event` is called: before every so many updates, or after every whole epoch, before it is evaluated. */
export interface Events {
  readonly every: number | 'epoch';
  /** The first update (0, 1, ...), or number of epochs done, at which it is; absent: the first time that `every` says. */
  readonly from?: number;
  /** From here on there are none; absent: to the end. */
  readonly to?: number;
}

/** The training as an event sees it: anything may be read and set, for what follows. */
export interface TrainingAccess {
  /** Updates done. */
  readonly update: number;
  readonly totalUpdates: number;
  /** Epochs done, with their fraction. */
  readonly epoch: number;
  /** Of the update that comes next. */
  readonly learningRate: number;
  readonly masks: Masks;
  /** A stream of this event alone. */
  readonly random: RandomStream;
  /** A parameter's values, or those of one of the extension's variables. */
  read(name: string): Promise<Float32Array>;
  /** Sets a parameter (masked values become 0) or one of the extension's variables. */
  write(name: string, values: Float32Array): void;
  /** What the optimizer remembers of a parameter: [velocity] or [first moment, second moment]. */
  slots(name: string): Promise<readonly Float32Array[]>;
  /**
   * Puts masks in the place of those of now; what they hide is set to 0, and what they open begins at 0.
   *
   * @param slots whether the optimizer forgets what it knew of weights that are closed or opened
   */
  setMasks(masks: Masks, slots?: 'clear' | 'keep'): Promise<void>;
  /** The optimizer forgets everything. */
  clearSlots(): void;
  /**
   * Gradients of the batch of the update that comes next, of removed weights too, by parameter.
   *
   * @throws Error in an event between epochs, which has no batch
   */
  gradients(): Promise<Readonly<Record<string, Float32Array>>>;
  /** This event stands for the update that would come next: its batch is not used for another. */
  replaceUpdate(): void;
}

/**
 * How a method reaches into one training. Several compose in order, each seeing what the one before returned.
 *
 * Hooks are recorded into the compiled step where the backend has one; between events the step stays compiled, and sparse where
 * no hook takes part in it.
 */
export interface Extension extends ForwardHooks<[context: HookContext]> {
  readonly variables?: Readonly<Record<string, ExtensionVariable>>;
  readonly groups?: Readonly<Record<string, VariableGroup>>;
  /** Parameters that stay as they are. */
  frozen?(name: string): boolean;
  /** Numbers that change from update to update (0, 1, ...), for the hooks. */
  scalars?(update: number): Readonly<Record<string, number>>;
  /** A term of the loss that reads parameters and variables alone. */
  penalty?(parameters: ParameterTensors, context: HookContext): Scalar;
  /** Layers whose outputs `loss` reads. */
  readonly taps?: readonly string[];
  /** A term that is added to the mean loss of a batch. */
  loss?(seen: Seen, context: HookContext): Scalar;
  /** Changed gradients, by parameter or variable, before the optimizer sees them. */
  gradients?(gradients: ParameterTensors, parameters: ParameterTensors, context: HookContext): ParameterTensors;
  /** New values of parameters after the optimizer's update: a proximal step, a clamp. */
  afterUpdate?(parameters: ParameterTensors, context: HookContext): ParameterTensors;
  /** New values of the extension's own variables that no gradient moves: sums and moving averages over updates. */
  accumulate?(update: Update, context: HookContext): ParameterTensors;
  readonly events?: Events;
  event?(training: TrainingAccess): Promise<void> | void;
  /** Velocities and moments of removed weights go on, fed by their gradients: the method reads them. */
  readonly denseSlots?: boolean;
  /**
   * What the training leaves: thresholds, gates folded into weights.
   *
   * @param own the extension's variables at the end, by the names that it gave them; `state.variables` has those of all
   */
  finish?(state: State, own: ParameterRecord): State;
}

/** What an extension may know of the training that it is made for. */
export interface TrainingStart {
  readonly network: Network;
  readonly state: State;
  readonly options: TrainOptions;
  readonly totalUpdates: number;
  readonly updatesPerEpoch: number;
  readonly trainingExamples: number;
  /** For values of variables at the start. */
  readonly random: RandomStream;
}

/** An `ExtensionEntry` that can be made. */
export interface ExtensionKind extends ExtensionEntry {
  create(options: unknown, start: TrainingStart): Extension;
}

/** An extension as its file declares it. */
export interface ExtensionDefinition<Options> extends ExtensionEntry {
  readonly options: z.ZodType<Options>;
  create(options: Options, start: TrainingStart): Extension;
}

/** The extension that a file declares; the options' type ends here, and `create` refuses what they do not take. */
export function defineExtension<Options>(definition: ExtensionDefinition<Options>): ExtensionKind {
  return {
    ...definition,
    create: (options, start) => definition.create(parsedOptions(definition, options, 'Extension'), start),
  };
}

/** Whether an entry of the registry can be made. */
export function isExtensionKind(entry: ExtensionEntry): entry is ExtensionKind {
  return 'create' in entry && typeof entry.create === 'function';
}
