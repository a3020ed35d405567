/** The range of positive values, widened at both ends by `factor`. */
export function logDomain(values: readonly number[], factor: number): [number, number] {
  return [Math.min(...values) / factor, Math.max(...values) * factor];
}

/** Round numbers inside a log axis: powers of ten, then 1-2-5 in every decade and more where that leaves fewer than four, and the middle where no round number is inside. */
export function logTicks([from, to]: readonly [number, number]): number[] {
  const candidates = [
    [1],
    [1, 2, 5],
    [1, 1.5, 2, 3, 4, 5, 7],
    [1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9],
  ];
  const ticks = candidates.map((digits) => ticksWith(digits, from, to));
  const finest = ticks.at(-1)!;
  const middle = Number(Math.sqrt(from * to).toPrecision(2));
  return ticks.find(({ length }) => length >= 4) ?? (finest.length > 0 ? finest : [middle]);
}

function ticksWith(digits: readonly number[], from: number, to: number): number[] {
  const decades = { first: Math.floor(Math.log10(from)), last: Math.floor(Math.log10(to)) };
  return Array.from({ length: decades.last - decades.first + 1 }, (_, index) => decades.first + index)
    .flatMap((decade) => digits.map((digit) => Number((digit * 10 ** decade).toPrecision(3))))
    .filter((tick) => tick >= from && tick <= to);
}
