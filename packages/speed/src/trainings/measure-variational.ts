import { type Contestant, fastest, milliseconds, ours, ratioOf, takeTurns } from '../turns.ts';
import { NETWORK } from './beginning.ts';
import { COMPARED_STEPS, formsOf, SLICE_SECONDS, type Trial, theirWork } from './peer-forms.ts';
import { assertSameLosses } from './same-work.ts';
import type { TrainingRow } from './training-rows.ts';
import { scattered, sentVariational, VariationalTraining, variationalBeginning } from './variational-training.ts';

/**
 * Updates of sparse variational dropout by Adam, ours and PyTorch's in turns.
 *
 * @throws PrunebenchError where the two do not compute the same
 */
export async function measureVariational(batchSize: number, { peer, threads, rounds }: Trial): Promise<TrainingRow> {
  await compareVariational(batchSize, peer);
  const beginning = variationalBeginning(batchSize);
  using training = new VariationalTraining(beginning);
  const forms = await formsOf(peer, sentVariational(beginning));
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
 * Has both sides take some steps with the same noise, and log alpha on either side of the threshold and of the cuts.
 *
 * @throws PrunebenchError where their losses differ
 */
export async function compareVariational(batchSize: number, peer: Trial['peer']): Promise<void> {
  if (!peer) return;
  const beginning = scattered(variationalBeginning(batchSize));
  using training = new VariationalTraining(beginning);
  const losses = Array.from({ length: COMPARED_STEPS }, () => training.step());
  const noise = training.noise(COMPARED_STEPS);
  for (const form of await formsOf(peer, sentVariational(beginning))) {
    const answer = await peer.ask({ job: 'check-variational', form, noise });
    assertSameLosses(`sparse variational dropout (${form})`, losses, answer.losses);
  }
}
