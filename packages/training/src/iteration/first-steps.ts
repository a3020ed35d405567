import { DivergenceError, PrunebenchError } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';

/** A training that gets further has shown that its backend can compute; and these few can be repeated slowly. */
const FIRST_STEPS = 5;
/** Plain JavaScript, with which every other backend is compared. */
const REFERENCE = 'cpu';

/**
 * Looks into a training that diverged within its first steps: its method may be to blame, or a wrong kernel of the backend. The steps
 * are repeated on plain kernels, and where they stay finite there, the divergence is no finding about the method.
 *
 * @param step at which the training diverged
 * @param repeat trains the same again up to that step on the current backend, throwing DivergenceError as the training did
 * @throws PrunebenchError naming the backend, where the plain kernels do not diverge
 */
export async function refuseWrongBackend(
  divergence: DivergenceError,
  step: number,
  repeat: () => Promise<void>,
): Promise<void> {
  const backend = tf.getBackend();
  if (step > FIRST_STEPS || backend === REFERENCE || !tf.findBackendFactory(REFERENCE)) return;
  await tf.setBackend(REFERENCE);
  try {
    await repeat();
  } catch (error) {
    if (error instanceof DivergenceError) return;
    throw error;
  } finally {
    await tf.setBackend(backend);
  }
  throw new PrunebenchError(
    `Backend ${backend} computes wrongly, and nothing is recorded: ${divergence.message} On ${REFERENCE} the same steps are finite.`,
    { remedy: `Choose another one with --backend, such as ${REFERENCE}, and report this with the network's name.` },
  );
}
