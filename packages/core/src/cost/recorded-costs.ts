import type { Measured } from '../records/record.ts';
import type { Cost } from './cost.ts';

/** What a record says of costs. Ratios to nothing that is left are infinite, which JSON cannot say: they are null. */
export function recordedCosts(
  cost: Cost,
): Pick<Measured, 'effective' | 'parameters' | 'compressionRatio' | 'multiplyAdds' | 'theoreticalSpeedup'> {
  const { total, remaining, cutLayers } = cost.effective;
  const ratio = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    effective: { remaining, sparsity: total === 0 ? 0 : 1 - remaining / total, cutLayers: [...cutLayers] },
    parameters: { ...cost.parameters },
    compressionRatio: ratio(cost.compressionRatio),
    multiplyAdds: { ...cost.multiplyAdds },
    theoreticalSpeedup: ratio(cost.theoreticalSpeedup),
  };
}
