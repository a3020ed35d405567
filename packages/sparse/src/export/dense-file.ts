import { applyMasks, checkMasksOf, PrunebenchError, refuseDiverged, type State } from '@prunebench/core';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Fault,
  MASK,
  type SafetensorsTensor,
  shown,
  stateDigest,
  stateOf,
  type Tensors,
  tensorsOf,
} from '@prunebench/interop';

/*
 * A pruned network as a safetensors file that any reader understands: every parameter is an F32 tensor under its own name, zeros
 * where its mask has removed values. Most masks need no bytes: where no kept value happens to be 0, the metadata says
 *
 *   "mask:<name>": "nonzero"     kept is what is not 0
 *
 * and otherwise there is a U8 tensor "mask:<name>" of zeros and ones. A parameter with neither has no mask. The metadata has the
 * SHA-256 of the state too; files without it, and files of other programs, are read as well.
 */
const NONZERO = 'nonzero';
const DIGEST = 'sha256';

export type Metadata = Readonly<Record<string, string>>;

/** The network's parameters with removed values as zeros, as plain dense tensors, and its masks. */
export function encodeDense(state: State): Uint8Array {
  const { tensors, metadata } = describeState(state);
  return encodeSafetensors({ tensors, metadata });
}

/**
 * Reads what `encodeDense`, or another program, wrote: parameters and masks.
 *
 * @param source how errors call the bytes, e.g. the file's path
 * @throws PrunebenchError when they are corrupt, or no network
 * @throws DivergenceError naming the first parameter that is not finite, with its index
 */
export function decodeDense(bytes: Uint8Array, source = 'safetensors data'): State {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const fault = (reason: string) =>
    new PrunebenchError(`${source} is no network: ${reason}.`, { remedy: 'Export the trial again.' });
  return restoreState(tensors, metadata, source, fault);
}

/**
 * The tensors and the metadata of a state, each mask in the form that the file's comment gives. Masks of the parameters in `known`
 * are left out: the file says them in another way.
 *
 * @throws PrunebenchError for a mask of no parameter, or of another length
 * @throws RangeError for a mask that is not made of zeros and ones
 */
export function describeState(
  state: State,
  known: ReadonlySet<string> = new Set(),
): { readonly tensors: Record<string, SafetensorsTensor>; readonly metadata: Record<string, string> } {
  const { masks } = state;
  checkMasksOf(state.parameters, masks);
  // What training remembers is none of the network's.
  const checked = tensorsOf({ parameters: state.parameters, masks });
  const parameters = applyMasks(state.parameters, masks);
  const tensors: Record<string, SafetensorsTensor> = { ...checked, ...parameters };
  const metadata: Record<string, string> = { [DIGEST]: stateDigest({ parameters, masks }) };
  for (const [name, mask] of Object.entries(masks)) {
    const { values } = parameters[name];
    const implied = !known.has(name) && mask.every((kept, i) => (kept !== 0) === (values[i] !== 0));
    if (implied) metadata[MASK + name] = NONZERO;
    if (implied || known.has(name)) delete tensors[MASK + name];
  }
  return { tensors, metadata };
}

/**
 * The state that `describeState` described.
 *
 * @throws PrunebenchError made by `fault`
 * @throws DivergenceError naming `source` and the first parameter that is not finite, with its index
 */
export function restoreState(tensors: Tensors, metadata: Metadata, source: string, fault: Fault): State {
  const implied = Object.entries(metadata).flatMap(([key, rule]): [string, SafetensorsTensor][] => {
    if (!key.startsWith(MASK)) return [];
    const name = key.slice(MASK.length);
    if (rule !== NONZERO) throw fault(`the mask of ${name} follows the unknown rule ${shown(rule)}`);
    if (Object.hasOwn(tensors, key)) throw fault(`it has two masks of ${name}`);
    if (!Object.hasOwn(tensors, name)) throw fault(`mask ${name} belongs to no parameter`);
    const { shape, values } = tensors[name];
    return [[key, { shape, values: Uint8Array.from(values, (value) => (value !== 0 ? 1 : 0)) }]];
  });
  const state = stateOf({ ...tensors, ...Object.fromEntries(implied) }, fault);
  refuseDiverged(state.parameters, `in ${source}`);
  const digest = metadata[DIGEST];
  if (digest !== undefined && digest !== stateDigest(state)) throw fault('its tensors do not match their checksum');
  return state;
}
