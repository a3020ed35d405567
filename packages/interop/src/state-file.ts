import { PrunebenchError, type State } from '@prunebench/core';
import writeFileAtomic from 'write-file-atomic';
import { FileFault, readRegularFile } from './regular-file.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { stateOf, tensorsDigest, tensorsOf } from './state-tensors.ts';

/*
 * A checkpoint is a safetensors file with the tensors of a state. The format has no checksum, so the metadata carries the tensors'
 * SHA-256: a flipped bit in a weight is as wrong as a truncated file.
 */
const DIGEST = 'sha256';
/** As much as Node.js reads of a file at once. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Writes a state so that the file is either complete or absent, whatever happens meanwhile: temporary name, fsync, rename.
 *
 * @throws PrunebenchError when the file cannot be written (folder missing or read-only, disk full)
 */
export async function writeState(path: string, state: State): Promise<void> {
  const tensors = tensorsOf(state);
  const bytes = encodeSafetensors({ tensors, metadata: { [DIGEST]: tensorsDigest(tensors) } });
  try {
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { fsync: true });
  } catch (cause) {
    throw new PrunebenchError(`Cannot write the checkpoint ${path}: ${(cause as Error).message}.`, {
      remedy: 'Check that the folder exists, that it is writable and that the disk has room.',
      cause,
    });
  }
}

/**
 * Reads what `writeState` wrote.
 *
 * @throws PrunebenchError naming the file and the remedy when it is missing, unreadable or corrupt, or holds weights that are not
 *   finite
 */
export async function readState(path: string): Promise<State> {
  return decodeState(await readCheckpoint(path), path);
}

/**
 * The state in the bytes of a checkpoint.
 *
 * @throws PrunebenchError naming the file at `path`: see `readState`
 */
export function decodeState(bytes: Uint8Array, path: string): State {
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fault = (reason: string) =>
    new PrunebenchError(`Checkpoint ${path} is corrupt: ${reason}.`, {
      remedy: 'Delete it or move it aside, so that its stage is computed again.',
    });
  if (metadata[DIGEST] !== tensorsDigest(tensors)) throw fault('its tensors do not match their checksum');
  return stateOf(tensors, fault);
}

async function readCheckpoint(path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path, MOST_BYTES);
  } catch (cause) {
    if (!(cause instanceof FileFault)) throw cause;
    throw new PrunebenchError(`Cannot read the checkpoint ${path}: it ${cause.message}.`, {
      remedy: 'Run the stage that writes it again.',
      cause,
    });
  }
}
