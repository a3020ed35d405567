import { PrunebenchError } from '../errors.ts';
import type { Criterion, Need, Subject } from './criterion.ts';

/** By which needs a part of the subject may be read; the network, the masks and the random stream are open to all. */
const opens = {
  parameters: ['weights', 'gradients', 'per-sample-gradients', 'activations', 'second-derivatives'],
  initialParameters: ['initial-weights'],
  variables: ['variables'],
  batches: ['gradients', 'per-sample-gradients', 'activations', 'second-derivatives'],
} satisfies Readonly<Partial<Record<keyof Subject, readonly Need[]>>>;

/**
 * The subject as a criterion may see it: what its `needs` do not name is refused where it is read, so that what is said of a criterion
 * (that it does without data, that it looks at the weights before training) is what it does.
 *
 * @returns a subject whose parts are read when they are asked for; each throws a PrunebenchError where no need of the criterion opens it
 */
export function limitedTo({ id, needs }: Pick<Criterion, 'id' | 'needs'>, subject: Subject): Subject {
  const open = (part: keyof typeof opens) => {
    if (opens[part].some((need) => needs.includes(need))) return;
    throw new PrunebenchError(
      `Criterion ${id} reads the ${part} of its subject, for which it needs ${opens[part].join(' or ')}; its \`needs\` are ${needs.join(', ') || 'empty'}.`,
      { remedy: `Name what it reads in its \`needs\`, or do without the ${part}.` },
    );
  };
  return {
    network: subject.network,
    masks: subject.masks,
    random: subject.random,
    get parameters() {
      open('parameters');
      return subject.parameters;
    },
    get initialParameters() {
      open('initialParameters');
      return subject.initialParameters;
    },
    get variables() {
      open('variables');
      return subject.variables;
    },
    batches(options) {
      open('batches');
      return subject.batches(options);
    },
  };
}
