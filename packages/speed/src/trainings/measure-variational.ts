import type { Side } from '../side.ts';
import { type Contestant, fastest, milliseconds, ours, ratioOf, takeTurns } from '../turns.ts';
import { type Beginning, NETWORK } from './beginning.ts';
import { assertSameLosses } from './same-work.ts';
import type { TrainingRow } from './training-rows.ts';
import { COMPARED_STEPS, SLICE_SECONDS, type Trial, theirWork } from './trial.ts';
import { scattered, sentVariational, VariationalTraining, variationalBeginning } from './variational-training.ts';

/**
 * Updates of sparse variational dropout by Adam, ours and PyTorch's in turns.
 *
 * @throws PrunebenchError where the two do not compute the same
 */
export async function measureVariational(batchSize: number, { peer, threads, rounds }: Trial): Promise<TrainingRow> {
  const beginning = variationalBeginning(batchSize);
  if (peer) await compareVariational(beginning, peer);
  using training = new VariationalTraining(beginning);
  const forms = peer ? (await peer.ask({ job: 'begin', start: sentVariational(beginning) })).forms : [];
  const contestants: Record<string, Contestant> = { ours: ours(() => void training.step()) };
  if (peer) for (const form of forms) contestants[form] = theirWork(peer, 'step', form);
  const slices = await takeTurns(contestants, rounds, SLICE_SECONDS);
  const own = slices.ours!;
  const form = fastest(slices, forms);
  const theirs = form === null ? null : slices[form];
  const ratio = ratioOf(theirs, own);
  return {
    method: 'sparse-variational-dropout',
    network: NETWORK,
    batchSize,
    threads,
    sparsity: null,
    updatesPerEvent: null,
    milliseconds: milliseconds(own)!,
    updateMilliseconds: milliseconds(own)!,
    eventMilliseconds: null,
    eventMillisecondsMin: null,
    eventMillisecondsMax: null,
    denseMilliseconds: null,
    overDense: null,
    overDenseMin: null,
    overDenseMax: null,
    peerMilliseconds: milliseconds(theirs),
    peerEventMilliseconds: null,
    peerForm: form,
    overPeer: ratio?.median ?? null,
    overPeerMin: ratio?.min ?? null,
    overPeerMax: ratio?.max ?? null,
  };
}

/**
 * Has both sides take some steps with the same noise, and log alpha on either side of the threshold and of the cuts; gives the forms in
 * which the peer has the training.
 *
 * @throws PrunebenchError where their losses differ, in any form
 */
export async function compareVariational(from: Beginning, peer: Side): Promise<readonly string[]> {
  const beginning = scattered(from);
  using training = new VariationalTraining(beginning);
  const losses = Array.from({ length: COMPARED_STEPS }, () => training.step());
  const noise = training.noise(COMPARED_STEPS);
  const { forms } = await peer.ask({ job: 'begin', start: sentVariational(beginning) });
  for (const form of forms) {
    const theirs = await peer.ask({ job: 'check-variational', form, noise });
    assertSameLosses(`sparse variational dropout (${form})`, losses, theirs.losses);
  }
  return forms;
}
