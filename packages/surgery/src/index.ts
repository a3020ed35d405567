export { type Factors, factorise } from './factorise.ts';
export { foldGates, type Gates } from './fold-gates.ts';
export { insertUnits, type NewUnits } from './insert-units.ts';
export type { NetworkWithState } from './network-with-state.ts';
export { dropBranch, type Shrunk, shrink } from './shrink.ts';
