/** What a network has before pruning: all parameters, and the weights of its kernels, which alone are prunable. */
export interface NetworkSize {
  readonly parameters: number;
  readonly weights: number;
}

/**
 * Where a sparsity of the prunable weights stands on an axis of compression ratios (all parameters / remaining parameters): biases
 * and batch norm stay, so that 99 % of LeNet-5's weights are a compression of 88.2, not of 100. The same for our cells and for what
 * papers print. Without the counts of the network, as though it had weights alone.
 */
export function compressionAt(size: NetworkSize | null, sparsity: number): number {
  if (size === null) return 1 / (1 - sparsity);
  return size.parameters / (size.parameters - sparsity * size.weights);
}

/** Sparsities that differ by less are the same, printed with other digits. */
const SAME = 5e-5;
/** How far a value may be from the column it is put into: in sparsity, and as a factor of the weights that remain. */
const NEAR_POINTS = 0.02;
const NEAR_FACTOR = 1.25;

/** Whether two sparsities are one, up to the digits that papers print. */
export function isSameSparsity(one: number, other: number): boolean {
  return Math.abs(one - other) < SAME;
}

/**
 * Whether a value measured at one sparsity may stand in the column of another, marked with its own: at most two points away, and a
 * quarter more or fewer weights left. Nothing that was pruned stands in the column of the dense network.
 */
export function isNearSparsity(one: number, other: number): boolean {
  if (isSameSparsity(one, other)) return true;
  if (one === 0 || other === 0) return false;
  return Math.abs(one - other) <= NEAR_POINTS && distance(one, other) <= Math.log(NEAR_FACTOR);
}

/** The index of the column that a sparsity belongs into: the nearest one, by compression; null where none is near. */
export function columnOf(columns: readonly number[], sparsity: number): number | null {
  let best: number | null = null;
  for (const [index, column] of columns.entries()) {
    if (!isNearSparsity(column, sparsity)) continue;
    if (best === null || distance(column, sparsity) < distance(columns[best], sparsity)) best = index;
  }
  return best;
}

/** By compression, so that 98.5 % is nearer to 99 % than its distance in points says. */
function distance(one: number, other: number): number {
  return Math.abs(Math.log((1 - one) / (1 - other)));
}
