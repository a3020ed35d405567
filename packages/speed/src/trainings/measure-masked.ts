import { max, median, min } from 'd3-array';
import { TRAINING_EXAMPLES } from '../method-extension.ts';
import type { Side } from '../side.ts';
import { type Contestant, fastest, milliseconds, ours, ratioOf, takeTurns } from '../turns.ts';
import { type Beginning, NETWORK, sentStart } from './beginning.ts';
import { MaskedTraining, SPARSITY, sparseBeginning } from './masked-training.ts';
import type { SentStart } from './protocol.ts';
import { assertSameExchange } from './same-work.ts';
import type { TrainingRow } from './training-rows.ts';
import { COMPARED_STEPS, SLICE_SECONDS, type Trial, theirWork } from './trial.ts';

/** A method whose mask moves, with its own options. */
export interface MaskedMethod {
  readonly id: string;
  /** Of its extension, where they are not the method's own. */
  readonly options: object;
  /** How many updates there are from one event to the next, with a batch of so many examples. */
  readonly updatesPerEvent: (batchSize: number) => number;
  /** Whether an event stands for an update. */
  readonly replaces: boolean;
  /** What the peer is told of it; absent: it does not have it. */
  readonly sent?: (beginning: Beginning) => SentStart;
}

/** ζ: the share of a layer's weights that SET closes, the method's own. */
const FRACTION = 0.3;

/** SET exchanges weights once an epoch, here one of MNIST. */
export const set: MaskedMethod = {
  id: 'set',
  options: { fraction: FRACTION },
  updatesPerEvent: (batchSize) => Math.ceil(TRAINING_EXAMPLES / batchSize),
  replaces: false,
  sent: sentSet,
};

/** RigL's events come every 100 updates. The trainer is not told so: it would not record a step shortly before one that it expects. */
export const rigl: MaskedMethod = {
  id: 'rigl',
  options: { every: 500_000 },
  updatesPerEvent: () => 100,
  replaces: true,
};

function sentSet(beginning: Beginning): SentStart {
  const { optimizer, learningRate } = beginning.options;
  if (optimizer.kind !== 'sgd') throw new Error('speed: SET is trained by gradient descent');
  return sentStart('set', beginning, { fraction: FRACTION, learningRate, momentum: optimizer.momentum });
}

/**
 * Updates and events of a method whose mask moves, each timed apart, in turns with our dense training and with PyTorch, and put
 * together as they follow each other in a training.
 *
 * @throws PrunebenchError where the two sides do not do the same
 */
export async function measureMasked(
  method: MaskedMethod,
  batchSize: number,
  { peer, threads, rounds }: Trial,
): Promise<TrainingRow> {
  const beginning = sparseBeginning(batchSize);
  const own = method.sent ? peer : undefined;
  const forms = own ? await compareMasked(method, beginning, own) : [];
  const { options, state } = beginning;
  using training = new MaskedTraining(beginning, method.id, method.options);
  using dense = new MaskedTraining(
    { ...beginning, options: { ...options, sparse: 'never' }, state: { ...state, masks: {} } },
    undefined,
  );
  const contestants: Record<string, Contestant> = {
    update: ours(() => void training.step()),
    event: training.events,
    dense: ours(() => void dense.step()),
  };
  if (own)
    for (const form of forms) {
      contestants[`${form}: update`] = theirWork(own, 'step', form);
      contestants[`${form}: event`] = theirWork(own, 'event', form);
    }
  const slices = await takeTurns(contestants, rounds, SLICE_SECONDS);
  const updates = method.updatesPerEvent(batchSize);
  const together = (update: readonly number[], event: readonly number[]) =>
    update.map((seconds, round) => ((updates - (method.replaces ? 1 : 0)) * seconds + event[round]) / updates);
  const peers = Object.fromEntries(
    forms.map((form) => [form, together(slices[`${form}: update`]!, slices[`${form}: event`]!)]),
  );
  const form = fastest(peers, forms);
  const [seconds, events] = [together(slices.update!, slices.event!), slices.event!];
  const theirs = form === null ? null : peers[form];
  const [overDense, overPeer] = [ratioOf(slices.dense, seconds)!, ratioOf(theirs, seconds)];
  return {
    method: method.id,
    network: NETWORK,
    batchSize,
    threads,
    sparsity: SPARSITY,
    updatesPerEvent: updates,
    milliseconds: milliseconds(seconds)!,
    updateMilliseconds: milliseconds(slices.update)!,
    eventMilliseconds: 1e3 * median(events)!,
    eventMillisecondsMin: 1e3 * min(events)!,
    eventMillisecondsMax: 1e3 * max(events)!,
    denseMilliseconds: milliseconds(slices.dense),
    overDense: overDense.median,
    overDenseMin: overDense.min,
    overDenseMax: overDense.max,
    peerMilliseconds: milliseconds(theirs),
    peerEventMilliseconds: form === null ? null : milliseconds(slices[`${form}: event`]),
    peerForm: form,
    overPeer: overPeer?.median ?? null,
    overPeerMin: overPeer?.min ?? null,
    overPeerMax: overPeer?.max ?? null,
  };
}

/**
 * Has both sides begin the same training, and gives the forms in which the peer has it.
 *
 * @throws PrunebenchError where they do not do the same in it, in any form
 */
export async function compareMasked(
  method: MaskedMethod,
  beginning: Beginning,
  peer: Side,
): Promise<readonly string[]> {
  if (!method.sent) return [];
  using training = new MaskedTraining(beginning, method.id, method.options);
  const report = await training.report(COMPARED_STEPS);
  const { forms } = await peer.ask({ job: 'begin', start: method.sent(beginning) });
  for (const form of forms) {
    const theirs = await peer.ask({ job: 'check-set', form, steps: COMPARED_STEPS });
    assertSameExchange(`${method.id} (${form})`, report, theirs);
  }
  return forms;
}
