import { type Alone, axisWords, type CellComparison, compareTables, formatEstimate } from '@prunebench/report';
import { type Selection, selectionFilters } from '../options/selection.ts';
import { loadRegistry } from '../registry.ts';
import { comparedTables } from '../results/compared-tables.ts';
import { columns } from '../terminal/columns.ts';

export interface CompareOptions extends Selection {
  readonly failOnDifference?: 'any' | 'separated';
  readonly results: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
}

/** A pair of tables with what differs between them. */
interface Compared extends ReturnType<typeof compareTables> {
  readonly title: string;
  readonly scale: string;
}

/** Prints what differs between two results folders or benchmarks. A difference changes the exit code only where that is asked for. */
export async function compare(first: string, second: string, options: CompareOptions): Promise<void> {
  const registry = await loadRegistry(options.plugin);
  const pairs = await comparedTables(first, second, {
    results: options.results,
    filters: selectionFilters(options),
    registry,
    notice: (line) => console.error(line),
  });
  const tables = pairs.map(({ title, scale, benchmark, first: one, second: other }): Compared => {
    return { title, scale, ...compareTables({ records: one, benchmark }, { records: other, benchmark }) };
  });
  const differences = {
    any: tables.some((table) => differs(table)),
    separated: tables.some(({ cells }) => cells.some(({ separated }) => separated)),
  };
  if (options.json) console.log(JSON.stringify({ first, second, ...differences, tables }, null, 2));
  else for (const table of tables) console.log(`${describe(table, first, second).join('\n')}\n`);
  if (options.failOnDifference !== undefined && differences[options.failOnDifference]) process.exitCode = 1;
}

function differs({ cells, onlyFirst, onlySecond }: Compared): boolean {
  return onlyFirst.length + onlySecond.length > 0 || cells.some(({ seeds, same }) => same.length < seeds.length);
}

function describe(table: Compared, first: string, second: string): readonly string[] {
  const { title, scale, cells, onlyFirst, onlySecond } = table;
  const [unit] = cells.map((cell) => cell.unit);
  return [
    `${title}, scale ${scale}${unit === undefined ? '' : `: ${first} minus ${second}, in ${unit}`}`,
    ...(cells.length === 0 ? [] : ['', cellTable(cells, first, second)]),
    '',
    summary(cells),
    ...onlyIn(first, onlyFirst),
    ...onlyIn(second, onlySecond),
  ];
}

/** The names of two folders are long and often end alike: the columns are called after their places. */
function cellTable(cells: readonly CellComparison[], first: string, second: string): string {
  const digits = cells.some(({ unit }) => unit === 'points') ? 2 : 1;
  const head = (name: string, place: string) => (name.length <= 16 && first !== second ? name : place);
  const number = (value: Parameters<typeof formatEstimate>[0] | null) => (value ? formatEstimate(value, digits) : '–');
  const networks = new Set(cells.map(({ network, dataset }) => `${network} on ${dataset}`));
  return columns<CellComparison>(
    [
      { head: 'network', text: ({ network, dataset }) => (networks.size > 1 ? `${network} on ${dataset}` : '') },
      { head: 'series', text: ({ series, control }) => (control ? `control: ${series}` : series) },
      { head: 'at', align: 'right', text: ({ axis, at }) => axisWords[axis].label(at) },
      { head: head(first, 'first'), align: 'right', text: (cell) => number(cell.first) },
      { head: head(second, 'second'), align: 'right', text: (cell) => number(cell.second) },
      { head: 'difference', align: 'right', text: ({ test }) => number(test.difference) },
      { head: 'p (Holm)', align: 'right', text: ({ test }) => pValue(test.tTestHolm) },
      { head: 'seeds', align: 'right', text: ({ seeds }) => String(seeds.length) },
      { head: '', text: verdict },
    ],
    cells,
  );
}

function pValue(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function verdict({ seeds, same, separated, better }: CellComparison): string {
  if (seeds.length === 0) return 'no seed in common';
  if (same.length === seeds.length) return 'the same to the bit';
  if (separated) return `${better} is better`;
  return same.length > 0 ? `${same.length} of ${seeds.length} the same` : 'not separated';
}

function summary(cells: readonly CellComparison[]): string {
  if (cells.length === 0) return 'No cell is in both.';
  const paired = cells.filter(({ seeds }) => seeds.length > 0);
  const same = paired.filter((cell) => cell.same.length === cell.seeds.length).length;
  const separated = cells.filter((cell) => cell.separated).length;
  return `${cells.length} cells in both: ${same} the same to the bit, ${separated} separated by the tests.`;
}

/** Trials that one side alone has: a line for each series, its points together. */
function onlyIn(name: string, trials: readonly Alone[]): readonly string[] {
  if (trials.length === 0) return [];
  const rows = Map.groupBy(trials, ({ dataset, network, series, axis, seeds }) =>
    JSON.stringify([dataset, network, series, axis, seeds]),
  );
  const table = columns<readonly Alone[]>(
    [
      { head: '', text: ([{ series }]) => `  ${series}` },
      { head: '', text: ([{ network, dataset }]) => `${network} on ${dataset}` },
      { head: '', text: pointsOf },
      { head: '', text: ([{ seeds }]) => `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}` },
    ],
    [...rows.values()],
  );
  return ['', `Only in ${name}:`, ...table.split('\n').slice(1)];
}

/** How many points are named one by one. */
const POINTS_NAMED = 4;

function pointsOf(cells: readonly Alone[]): string {
  const points = cells.map(({ axis, at }) => axisWords[axis].label(at));
  if (points.length <= POINTS_NAMED) return points.join(', ');
  return `${points.length} points from ${points[0]} to ${points.at(-1)}`;
}
