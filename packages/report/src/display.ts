import { type Estimate, halfWidth } from './estimate.ts';
import { formatFixed } from './format.ts';
import type { Standing } from './ranks.ts';
import type { Cell, NetworkSummary } from './summary.ts';

/**
 * What tables and plots show of a network; `density` (of the layer with the smallest) where nothing was trained, `size` where
 * the methods decide how far they go, `speed` where that is what the table is about.
 */
export type Quantity = 'error' | 'accuracy' | 'density' | 'size' | 'speed';

/** What a table has in its cells where it has a column for each sparsity. */
export type CellQuantity = Exclude<Quantity, 'size' | 'speed'>;

/** From this accuracy on, lines of accuracy lie on top of one another and the error tells them apart. */
const ERROR_FROM_ACCURACY = 95;

/** Test error for networks that get nearly everything right (MNIST), test accuracy for others that were trained. */
export function quantityOf({ cells, dense, measure }: NetworkSummary): Quantity {
  if (measure !== 'accuracy') return measure;
  const means = [...cells, ...dense].flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy.mean]));
  const nothingTrained = means.length === 0 && cells.some(({ trials }) => trials.length > 0);
  if (nothingTrained) return 'density';
  return Math.max(...means) >= ERROR_FROM_ACCURACY ? 'error' : 'accuracy';
}

/** "1.62 ± 0.05", "57.86 (0.00 to 100.00)" where a bound cut the interval, or the mean alone where one seed gives none. */
export function formatEstimate(estimate: Estimate, digits = 2): string {
  const [half, mean] = [halfWidth(estimate), formatFixed(estimate.mean, digits)];
  if (half !== null) return `${mean} ± ${formatFixed(half, digits)}`;
  const { low, high } = estimate;
  return low === null || high === null ? mean : `${mean} (${formatFixed(low, digits)} to ${formatFixed(high, digits)})`;
}

/** Bold for the best of a column, and a mark behind what is level with it. */
export function markStanding(number: string, standing: Standing | undefined): string {
  if (number === '' || standing === undefined) return number;
  return standing === 'best' ? `**${number}**` : `${number} ≈`;
}

/** "12.3", or "12.3 (11.9-12.8)" with the range that it was measured in: three significant digits. */
export function formatSpeedup(ratio: number, range?: { readonly low: number; readonly high: number }): string {
  const digits = (value: number) => String(Number(value.toPrecision(3)));
  return range ? `${digits(ratio)} (${digits(range.low)}-${digits(range.high)})` : digits(ratio);
}

/** In how many of a cell's seeds at least one layer collapsed, or the network fell apart. */
export function collapsedSeeds({ collapsed, cutSeeds }: Cell): number {
  return new Set([...collapsed.flatMap(({ seeds }) => seeds), ...cutSeeds]).size;
}

/** The smallest network of a cell's seeds; null when none finished. */
export function fewestParameters({ trials }: Cell): number | null {
  return trials.length === 0 ? null : Math.min(...trials.map(({ remainingParameters }) => remainingParameters));
}

/** All seeds of a cell, finished or not. */
export function seedCount({ trials, failures }: Cell): number {
  return trials.length + failures.length;
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
  const named = (part: string) => (Object.hasOwn(properNames, part) ? properNames[part]! : part);
  return Object.hasOwn(properNames, id) ? named(id) : id.split('-').map(named).join('-');
}
