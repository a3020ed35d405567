import type { NamedExtension } from './made-extensions.ts';

/** When the extensions of a training have their events. */
export class EventCalendar {
  readonly #extensions: readonly NamedExtension[];
  readonly #totalSteps: number;
  readonly #stepsPerEpoch: number;

  constructor(plan: {
    readonly extensions: readonly NamedExtension[];
    readonly totalSteps: number;
    readonly stepsPerEpoch: number;
  }) {
    this.#extensions = plan.extensions.filter(({ extension }) => extension.events);
    this.#totalSteps = plan.totalSteps;
    this.#stepsPerEpoch = plan.stepsPerEpoch;
  }

  /** Extensions with an event before update `step`. */
  before(step: number): readonly NamedExtension[] {
    return this.#extensions.filter(({ extension }) => {
      const { every, from, to = this.#totalSteps } = extension.events!;
      if (every === 'epoch') return false;
      const first = from ?? every;
      return step >= first && step < to && (step - first) % every === 0;
    });
  }

  /** Extensions with an event after the epoch that update `step` has completed; none in the middle of one. */
  afterEpoch(step: number): readonly NamedExtension[] {
    if (step % this.#stepsPerEpoch !== 0) return [];
    const epoch = step / this.#stepsPerEpoch;
    return this.#extensions.filter(({ extension }) => {
      const { every, from = 1, to = Number.POSITIVE_INFINITY } = extension.events!;
      return every === 'epoch' && epoch >= from && epoch < to;
    });
  }

  /** How many steps there are from `step` to the next event or the end. */
  stepsAhead(step: number): number {
    let next = this.#totalSteps;
    for (const { extension } of this.#extensions) {
      const { every, from, to = this.#totalSteps } = extension.events!;
      const period = every === 'epoch' ? this.#stepsPerEpoch : every;
      const first = every === 'epoch' ? period : (from ?? every);
      const due = step < first ? first : first + Math.ceil((step + 1 - first) / period) * period;
      if (every === 'epoch' || due < to) next = Math.min(next, due);
    }
    return next - step;
  }
}
