import { constants } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type ParameterArray, PrunebenchError, type State } from '@prunebench/core';
import { readWhole, writeWhole } from '@prunebench/files';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from './safetensors.ts';

/*
 * A checkpoint is a safetensors file: parameters as F32 under their own names ("conv1/kernel"), in layer order; masks as U8
 * of the parameter's shape under "mask:<name>". The format has no checksum, so the metadata carries the tensors' SHA-256:
 * a flipped bit in a weight is as wrong as a truncated file.
 */
const MASK = 'mask:';
const DIGEST = 'sha256';
/** What fits into one array of bytes here. */
const MAX_BYTES = constants.MAX_LENGTH;

/**
 * Writes a state so that the file is either complete or absent, whatever happens meanwhile: temporary name, fsync, rename.
 *
 * @throws PrunebenchError when the file cannot be written (folder missing or read-only, disk full)
 */
export async function writeState(path: string, state: State): Promise<void> {
  const tensors = tensorsOf(state);
  const bytes = encodeSafetensors({ tensors, metadata: { [DIGEST]: digest(tensors) } });
  try {
    await writeWhole(path, bytes);
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
 * @throws PrunebenchError naming the file and the remedy when it is missing, unreadable or corrupt
 */
export async function readState(path: string): Promise<State> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(path, MAX_BYTES);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new PrunebenchError(`Cannot read the checkpoint ${path}: ${why}.`, {
      remedy: 'Run the stage that writes it again.',
      cause,
    });
  }
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fault = (reason: string) =>
    new PrunebenchError(`Checkpoint ${path} is corrupt: ${reason}.`, {
      remedy: 'Delete it or move it aside, so that its stage is computed again.',
    });
  if (metadata[DIGEST] !== digest(tensors)) throw fault('its tensors do not match their checksum');
  const parameters: Record<string, ParameterArray> = {};
  const masks: Record<string, Uint8Array> = {};
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (!name.startsWith(MASK)) {
      if (!(values instanceof Float32Array)) throw fault(`parameter ${name} is not of type F32`);
      parameters[name] = { shape, values };
      continue;
    }
    const of = name.slice(MASK.length);
    if (!(values instanceof Uint8Array) || values.some((bit) => bit > 1))
      throw fault(`mask ${of} is not made of zeros and ones`);
    if (tensors[of]?.values.length !== values.length) throw fault(`mask ${of} does not fit its parameter`);
    masks[of] = values;
  }
  return { parameters, masks };
}

function tensorsOf({ parameters, masks }: State): Record<string, SafetensorsTensor> {
  const maskTensors = Object.entries(masks).map(([name, values]): [string, SafetensorsTensor] => {
    const parameter = parameters[name];
    if (!parameter) throw new RangeError(`Mask ${name} belongs to no parameter.`);
    return [`${MASK}${name}`, { shape: parameter.shape, values }];
  });
  return { ...parameters, ...Object.fromEntries(maskTensors) };
}

function digest(tensors: Readonly<Record<string, SafetensorsTensor>>): string {
  const hash = createHash('sha256');
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    hash.update(`${name} ${values.BYTES_PER_ELEMENT} [${shape}]\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
