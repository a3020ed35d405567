import type { Network, State } from '@prunebench/core';

/** A network and its parameters and masks. */
export interface NetworkWithState {
  readonly network: Network;
  readonly state: State;
}
