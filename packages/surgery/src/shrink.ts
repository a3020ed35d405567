import {
  checkMasks,
  countKept,
  inferShapes,
  liveWeights,
  type Masks,
  type Network,
  type State,
  withoutBranch,
} from '@prunebench/core';
import { constantChannels } from './constant-channels.ts';
import { foldConstants } from './fold-constants.ts';
import { type KeptChannels, keptChannels } from './kept-channels.ts';
import type { NetworkWithState } from './network-with-state.ts';
import { restrict } from './restrict.ts';

/** A network without what its masks have emptied. */
export interface Shrunk extends NetworkWithState {
  /** For each of its layers, and the input: which channels of the network before are left, in order. */
  readonly kept: KeptChannels;
  /** What could have gone but for an inexact border, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * The network and its state without the units (neurons, filters), input channels of layers, groups and residual branches that do
 * nothing, and without what they alone need. At inference its outputs are those of the masked network, to rounding:
 *
 * - a unit that is a constant whatever the input goes, and its constant with it into the biases that read it (`foldConstants`);
 * - a unit that no output depends on goes, and whatever was left of it;
 * - channels that an addition, a padded shortcut or a depthwise convolution ties together go when all of them may;
 * - a branch whose sum into an addition is 0 in every channel goes as a whole, with the addition.
 *
 * Single weights among the others keep their masks; weights that do nothing are masked too. Every layer keeps a unit; the network's
 * input and outputs keep their places. What extensions of training left (`State.variables`) belongs to the network before, and a
 * training that was cut cannot go on: neither is handed on.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function shrink(network: Network, state: State): Shrunk {
  checkMasks(network, state.masks);
  const { parameters, masks } = state;
  let found = shrunkOnce({ network, state: { parameters, masks } });
  // What goes may leave more that nobody needs: a branch of which only a unit is left that nobody reads.
  for (;;) {
    const next = shrunkOnce(found);
    if (sameSize(next.network, found.network)) return found;
    found = { ...next, kept: composed(found.kept, next.kept), remarks: next.remarks };
  }
}

function shrunkOnce(given: NetworkWithState): Shrunk {
  const whole = withoutEmptyBranches(given);
  const folded = foldConstants(whole.network, whole.state);
  const live = dead(folded);
  const kept = keptChannels(folded.network, live.masks);
  return { ...restrict(folded.network, live, kept), kept, remarks: folded.remarks };
}

function sameSize(one: Network, other: Network): boolean {
  return String([...inferShapes(one)]) === String([...inferShapes(other)]);
}

/** What `second` leaves of what `first` left. */
function composed(first: KeptChannels, second: KeptChannels): KeptChannels {
  return new Map([...second].map(([name, places]) => [name, places.map((place) => first.get(name)![place])]));
}

/** The state with masks that also clear what no output depends on. */
function dead({ network, state }: NetworkWithState): State {
  const clearing = Object.entries(liveWeights(network, state)).filter(([, mask]) => countKept(mask) < mask.length);
  return { ...state, masks: { ...state.masks, ...Object.fromEntries(clearing) } };
}

/** Without the sides of additions that add nothing. */
function withoutEmptyBranches(given: NetworkWithState): NetworkWithState {
  const { network, state } = given;
  const channels = constantChannels(network, state);
  for (const layer of network.layers) {
    if (layer.kind !== 'add' || layer.inputs[0] === layer.inputs[1]) continue;
    const empty = layer.inputs.find((name) => {
      const { constant, values } = channels.get(name)!;
      return constant.every((bit) => bit === 1) && values.every((value) => value === 0);
    });
    if (empty !== undefined) return withoutEmptyBranches(dropBranch(given, layer.name, empty));
  }
  return given;
}

/**
 * The network and its state without one side of an addition: a residual block without its branch is its shortcut.
 *
 * @param end the layer (or `INPUT`) that the addition reads on the side that goes
 */
export function dropBranch({ network, state }: NetworkWithState, addition: string, end: string): NetworkWithState {
  const smaller = withoutBranch(network, addition, end);
  const names = new Set(smaller.layers.map(({ name }) => name));
  const left = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name.slice(0, name.lastIndexOf('/')))));
  return { network: smaller, state: { parameters: left(state.parameters), masks: left<Masks[string]>(state.masks) } };
}
