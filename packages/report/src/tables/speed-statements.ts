import type { Cell } from '../summary/cell.ts';
import { batchSizesOf, type Speedup } from '../summary/speedup.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { axisWords, formatSpeedup } from './display.ts';
import { formatFixed } from './format.ts';

/** What counts as equal accuracy, in points below the dense network's. */
const POINTS = 1;

interface Timed {
  readonly cell: Cell;
  readonly speedup: Speedup;
}

/**
 * What a table of speed says in sentences: from which sparsity on each series is faster than dense, and what that is worth at equal
 * accuracy. Dense is the faster of the backend's dense kernels and, where the table has it, the compiled network with nothing pruned.
 */
export function speedStatements(network: NetworkSummary): string[] {
  return batchSizesOf(network.cells).flatMap((batchSize) => {
    const series = network.series
      .filter(({ control }) => !control)
      .map(({ name }) => ({ name, timed: timedCells(network, name, batchSize) }));
    if (isBaselineWithheld(network, batchSize))
      return [`Batch ${batchSize}: the timings with nothing pruned are withheld, so nothing is said about it.`];
    const unpruned = unprunedSpeedup(network, batchSize);
    const dense = Math.max(1, unpruned ?? 1);
    return [
      ...(unpruned === undefined
        ? []
        : [`Nothing pruned, compiled, batch ${batchSize}: ${formatSpeedup(unpruned)} times.`]),
      ...series.flatMap(({ name, timed }) => (timed.length === 0 ? [] : [crossover(name, timed, batchSize, dense)])),
      ...equalAccuracy(network, series, batchSize),
    ];
  });
}

/** Whether the table measures what compiling alone gains, and no timing of it can be shown. */
function isBaselineWithheld(network: NetworkSummary, batchSize: number): boolean {
  const withheld = unprunedCell(network)?.withheld.some((timings) => timings.batchSize === batchSize) ?? false;
  return withheld && unprunedSpeedup(network, batchSize) === undefined;
}

function unprunedCell({ cells }: NetworkSummary): Cell | undefined {
  return cells.find(({ control, at }) => control && at === 0);
}

/** What compiling alone gains; undefined where the table does not measure that. */
function unprunedSpeedup(network: NetworkSummary, batchSize: number): number | undefined {
  return unprunedCell(network)?.speedups.find((measured) => measured.batchSize === batchSize)?.median;
}

/** The cells of a series that were measured at a batch size, by ascending point. */
function timedCells({ cells }: NetworkSummary, series: string, batchSize: number): Timed[] {
  return cells
    .filter((cell) => cell.series === series)
    .toSorted((a, b) => a.at - b.at)
    .flatMap((cell) => {
      const speedup = cell.speedups.find((measured) => measured.batchSize === batchSize);
      return speedup ? [{ cell, speedup }] : [];
    });
}

function crossover(name: string, timed: readonly Timed[], batchSize: number, dense: number): string {
  const where = `${name}, batch ${batchSize}:`;
  const faster = fromWhich(timed, ({ speedup }) => speedup.median > dense);
  if (faster === undefined) return `${where} not faster than dense at the highest sparsity that was tried.`;
  const always = fromWhich(timed, ({ speedup }) => speedup.low > dense);
  const whole = timed.some(({ speedup }) => speedup.range === 'rounds') ? 'in every round' : 'with all quartiles';
  const rounds =
    always === undefined
      ? `never ${whole}`
      : always === faster
        ? `there ${whole}`
        : `${whole} from ${pointOf(always)} on`;
  const last = timed.at(-1)!;
  const promised = last.cell.theoreticalSpeedup ? formatSpeedup(last.cell.theoreticalSpeedup.mean) : 'unknown';
  return `${where} faster than dense from ${pointOf(faster)} on, ${rounds}; ${formatSpeedup(last.speedup.median)} times at ${pointOf(last)} (theoretical: ${promised}).`;
}

/** The first cell from which on all hold. */
function fromWhich(timed: readonly Timed[], holds: (one: Timed) => boolean): Timed | undefined {
  return timed[timed.findLastIndex((one) => !holds(one)) + 1];
}

function equalAccuracy(
  { dense: [dense] }: NetworkSummary,
  series: readonly { readonly name: string; readonly timed: readonly Timed[] }[],
  batchSize: number,
): string[] {
  if (dense === undefined) return [];
  const least = dense.accuracy.mean - POINTS;
  const fastest = series.map(({ name, timed }) => {
    const good = timed.filter(({ cell }) => cell.accuracy !== null && cell.accuracy.mean >= least);
    if (good.length === 0) return `${name} none`;
    const best = good.reduce((a, b) => (b.speedup.median > a.speedup.median ? b : a));
    return `${name} ${formatSpeedup(best.speedup.median)} times (at ${pointOf(best)}, ${formatFixed(best.cell.accuracy!.mean, 2)} %)`;
  });
  return [
    `Fastest within ${POINTS} point of dense (${formatFixed(dense.accuracy.mean, 2)} %), batch ${batchSize}: ${fastest.join('; ')}.`,
  ];
}

function pointOf({ cell }: Timed): string {
  return axisWords[cell.axis].label(cell.at);
}
