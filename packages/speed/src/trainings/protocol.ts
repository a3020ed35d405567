/** What peer_trainings.py is asked, and what it answers. */

/** Where both sides begin; arrays hold one entry for each layer, in their order. */
export interface SentStart {
  readonly training: 'set' | 'variational';
  /** [inputs, outputs] */
  readonly kernels: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[];
  readonly biases: readonly (readonly number[])[];
  /** 0/1, as the kernels lie; none: nothing is masked. */
  readonly masks: readonly (readonly number[])[];
  /** As the kernels lie; none where weights have no noise. */
  readonly logVariances: readonly (readonly number[])[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** By the names that the methods and the optimizers give them. */
  readonly options: Readonly<Record<string, number>>;
}

export type TrainingRequest =
  | { readonly job: 'begin'; readonly start: SentStart }
  | { readonly job: 'step' | 'event'; readonly form: string; readonly repeats: number }
  | { readonly job: 'check-set'; readonly form: string; readonly steps: number }
  /** Noise: for each step that of each layer, [examples, units]. */
  | { readonly job: 'check-variational'; readonly form: string; readonly noise: readonly (readonly number[][])[] };

/** What a training of some steps, an event, and as many steps again came to. Arrays by layer hold one entry for each. */
export interface MaskedReport {
  /** Of each step before the event. */
  readonly losses: readonly number[];
  /** Of each step after it, whose random weights the sides draw for themselves. */
  readonly lossesAfter: readonly number[];
  /** Kept weights after the event, by layer. */
  readonly kept: readonly number[];
  /** Weights that were kept before the event and are not after it, by layer. */
  readonly left: readonly number[];
  /** Removed weights that are not 0 at the end. */
  readonly strays: number;
  /** Values other than 0 that the optimizer remembers after the event. */
  readonly remembered: number;
}

export interface TrainingAnswers {
  begin: { forms: string[] };
  step: { seconds: number[] };
  event: { seconds: number[] };
  'check-set': MaskedReport;
  'check-variational': { losses: number[] };
}
