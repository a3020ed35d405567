import { badFile, type SourceFolder } from './source-folder.ts';

/**
 * Class indices as the splits keep them.
 *
 * @throws PrunebenchError naming the first label that is no class
 */
export function checkedLabels(
  values: ArrayLike<number>,
  classes: number,
  source: SourceFolder,
  path: string,
): Int32Array {
  const labels = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const label = values[i];
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw badFile(source, path, `expected labels 0 to ${classes - 1}, found ${label} at position ${i}`);
    labels[i] = label;
  }
  return labels;
}

/** How many examples each class has. */
export function classCounts(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}
