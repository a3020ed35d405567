import { logDomain, logTicks } from './ticks.ts';

/** Compression ratios, logarithmic, with room for markers at both ends. */
export function compressionAxis(ratios: readonly number[]) {
  const domain = logDomain(ratios, 1.12);
  const values = logTicks(domain);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain, nice: false },
    axis: {
      title: 'compression ratio (all parameters / remaining parameters)',
      values,
      labelExpr: "format(datum.value, ',') + '×'",
      grid: false,
    },
  };
}

/** Test errors in percent: logarithmic, unless some network makes no error at all, which has no place on such an axis. */
export function errorAxis(errors: readonly number[]) {
  if (Math.min(...errors) <= 0) {
    const axis = { title: 'test error, %', grid: true };
    return { type: 'quantitative' as const, scale: { zero: true, nice: true }, axis };
  }
  const domain = logDomain(errors, 1.25);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain, nice: false },
    axis: { title: 'test error, % (log scale)', values: logTicks(domain), format: '~g', grid: true },
  };
}

/** Test accuracies in percent, with room for markers at both ends. */
export function accuracyAxis(accuracies: readonly number[]) {
  const [least, most] = [Math.min(...accuracies), Math.max(...accuracies)];
  const room = Math.max(0.5, 0.04 * (most - least));
  return {
    type: 'quantitative' as const,
    scale: { domain: [least - room, most + room], zero: false, nice: false },
    axis: { title: 'test accuracy, %', grid: true },
  };
}
