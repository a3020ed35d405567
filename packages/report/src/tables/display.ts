import type { Axis } from '@prunebench/core';
import { type Estimate, halfWidth } from '../statistics/estimate.ts';
import { type Cell, collapsedSeeds, seedCount } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { formatFixed, formatPercent } from './format.ts';

/** What people call the points of an axis. */
interface AxisWords {
  readonly one: string;
  readonly many: string;
  /** Head of a column of such points. */
  readonly head: string;
  /** Head of the same column among others that say what was reached. */
  readonly asked: string;
  /** A point as it stands below `head`. */
  format(at: number): string;
  /** A point with its unit: "90 %", "λ = 0.001". */
  label(at: number): string;
}

const share = (one: string, many: string, head: string, asked: string): AxisWords => ({
  one,
  many,
  head,
  asked,
  format: (at) => formatPercent(at),
  label: (at) => `${formatPercent(at)} %`,
});

export const axisWords: Readonly<Record<Axis, AxisWords>> = {
  sparsity: share('sparsity', 'sparsities', 'asked, %', 'sparsity, requested %'),
  units: share('share of units', 'shares of units', 'units, %', 'units, requested %'),
  multiplyAdds: share(
    'share of multiply-adds',
    'shares of multiply-adds',
    'multiply-adds gone, %',
    'multiply-adds gone, requested %',
  ),
  lambda: { one: 'λ', many: 'λ', head: 'λ', asked: 'λ', format: String, label: (at) => `λ = ${at}` },
};

/** "1.62 ± 0.05", "57.86 (0.00 to 100.00)" where a bound cut the interval, or the mean alone where one seed gives none. */
export function formatEstimate(estimate: Estimate, digits = 2): string {
  const [half, mean] = [halfWidth(estimate), formatFixed(estimate.mean, digits)];
  if (half !== null) return `${mean} ± ${formatFixed(half, digits)}`;
  const { low, high } = estimate;
  return low === null || high === null ? mean : `${mean} (${formatFixed(low, digits)} to ${formatFixed(high, digits)})`;
}

/** The same of a share in [0, 1], in percent. */
export function formatShare(estimate: Estimate, digits = 2): string {
  const half = halfWidth(estimate);
  const percent = (value: number) => formatFixed(value * 100, digits);
  if (half !== null) return `${percent(estimate.mean)} ± ${percent(half)}`;
  const { mean, low, high } = estimate;
  return low === null || high === null ? percent(mean) : `${percent(mean)} (${percent(low)} to ${percent(high)})`;
}

/** "12.3", or "12.3 (11.9-12.8)" with the range that it was measured in: three significant digits. */
export function formatSpeedup(ratio: number, range?: { readonly low: number; readonly high: number }): string {
  const digits = (value: number) => String(Number(value.toPrecision(3)));
  return range ? `${digits(ratio)} (${digits(range.low)}-${digits(range.high)})` : digits(ratio);
}

/** What a series is called in tables. */
export function seriesName({ series, control }: Pick<Cell, 'series' | 'control'>): string {
  return control ? `control: ${series}` : series;
}

/** "failed 1/3": in how many of a cell's seeds; nothing where all finished. */
export function failedSeeds(cell: Cell): readonly string[] {
  const { failures } = cell;
  return failures.length === 0 ? [] : [`failed ${failures.length}/${seedCount(cell)}`];
}

/** In how many of its seeds a cell's networks collapsed. */
export function collapsedMark(of: Cell): readonly string[] {
  return collapsedSeeds(of) === 0 ? [] : [`‡${collapsedSeeds(of)}/${seedCount(of)}`];
}

/** "LeNet-5 on MNIST", and that whole units are removed where they are. */
export function networkTitle({ network, dataset, granularity }: NetworkSummary): string {
  const units = granularity === 'unit' ? ', whole units removed' : '';
  return `${properName(network)} on ${properName(dataset)}${units}`;
}

/** How people write the networks' and data sets' names that are hyphenated words here. */
const properNames: Readonly<Record<string, string>> = {
  mnist: 'MNIST',
  'fashion-mnist': 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
  cifar100: 'CIFAR-100',
  lenet: 'LeNet',
  caffe: 'Caffe',
  conv: 'Conv',
  vgg: 'VGG',
  resnet: 'ResNet',
  wrn: 'WRN',
  mlp: 'MLP',
  monk: 'MONK',
  monks: 'MONK',
  monk1: 'MONK 1',
  monk2: 'MONK 2',
  monk3: 'MONK 3',
};

/** "lenet-300-100" -> "LeNet-300-100", "mnist" -> "MNIST". */
export function properName(id: string): string {
  const named = (part: string) => (Object.hasOwn(properNames, part) ? properNames[part] : part);
  return Object.hasOwn(properNames, id) ? named(id) : id.split('-').map(named).join('-');
}
