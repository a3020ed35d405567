import { constants } from 'node:buffer';
import { messageOf, PrunebenchError, refuseDiverged, type State } from '@prunebench/core';
import { readWhole, writeWhole } from '@prunebench/files';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { stateOf, tensorsDigest, tensorsOf, textOf } from './state-tensors.ts';

/*
 * A checkpoint is a safetensors file with the tensors of a state. The format has no checksum, so the metadata carries the tensors'
 * SHA-256: a flipped bit in a weight is as wrong as a truncated file.
 */
const DIGEST = 'sha256';
/** What of a state is not tensors. */
const TEXT = 'state';
/** What fits into one array of bytes here. */
const MAX_BYTES = constants.MAX_LENGTH;

/**
 * Writes a state so that the file is either complete or absent, whatever happens meanwhile: temporary name, fsync, rename.
 *
 * @throws PrunebenchError when the file cannot be written (folder missing or read-only, disk full)
 */
export async function writeState(path: string, state: State): Promise<void> {
  const tensors = tensorsOf(state);
  const text = textOf(state);
  const metadata = { [DIGEST]: tensorsDigest(tensors, text), ...(text !== undefined && { [TEXT]: text }) };
  const bytes = encodeSafetensors({ tensors, metadata });
  try {
    await writeWhole(path, bytes);
  } catch (cause) {
    throw new PrunebenchError(`Cannot write the checkpoint ${path}: ${messageOf(cause)}.`, {
      remedy: 'Check that the folder exists, that it is writable and that the disk has room.',
      cause,
    });
  }
}

/**
 * Reads what `writeState` wrote.
 *
 * @throws PrunebenchError naming the file and the remedy when it is missing, unreadable or corrupt
 * @throws DivergenceError naming the file and the first parameter that is not finite, with its index
 */
export async function readState(path: string): Promise<State> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(path, MAX_BYTES);
  } catch (cause) {
    throw new PrunebenchError(`Cannot read the checkpoint ${path}: ${messageOf(cause)}.`, {
      remedy: 'Run the stage that writes it again.',
      cause,
    });
  }
  return decodeState(bytes, path);
}

/**
 * The state in the bytes of a checkpoint.
 *
 * @throws PrunebenchError and DivergenceError naming the file at `path`: see `readState`
 */
export function decodeState(bytes: Uint8Array, path: string): State {
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fault = (reason: string) =>
    new PrunebenchError(`Checkpoint ${path} is corrupt: ${reason}.`, {
      remedy: 'Delete it or move it aside, so that its stage is computed again.',
    });
  if (metadata[DIGEST] !== tensorsDigest(tensors, metadata[TEXT]))
    throw fault('its tensors do not match their checksum');
  const state = stateOf(tensors, fault, metadata[TEXT]);
  refuseDiverged(state.parameters, `in checkpoint ${path}`);
  return state;
}
