/** At most `digits` decimals, without trailing zeros; never "-0". */
export function formatNumber(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)) + 0);
}

/** Exactly `digits` decimals; never "-0.00". */
export function formatFixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
}

/** A sparsity in [0, 1) as a percentage: "98", "68.38", and "99.999" with as many decimals as tell it from 100. */
export function formatPercent(share: number, digits = 2): string {
  const needed = -Math.floor(Math.log10(100 * (1 - share)));
  return formatNumber(share * 100, Math.max(digits, needed));
}

/** A bound on p-values to two significant digits, rounded so that the bound stays true; nothing below 0.001 is told apart. */
export function formatBound(p: number, side: 'at most' | 'at least'): string {
  if (p < 0.001) return side === 'at most' ? '<= 0.001' : '>= 0';
  const unit = 10 ** (Math.floor(Math.log10(p)) - 1);
  // A hair of slack: 0.03 is not exactly 30 thousandths in binary.
  const steps = side === 'at most' ? Math.ceil(p / unit - 1e-9) : Math.floor(p / unit + 1e-9);
  return `${side === 'at most' ? '<=' : '>='} ${Number((steps * unit).toPrecision(2))}`;
}

/** A truth as R and pandas read it. */
export function logical(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}
