import { markdownTable } from 'markdown-table';
import { fixed, isWide, withheldNote, withRange } from './format.ts';
import type { GpuModeRow } from './sparse-gpu-modes.ts';
import type { Crossover } from './sparse-layers.ts';
import type { SparseRow } from './sparse-rows.ts';

/** One line, as it is logged. */
export function describeRow({
  what,
  name,
  batchSize,
  threads,
  sparsity,
  ourMilliseconds,
  overDense,
  overTorch,
  overTorchSparse,
  overScipy,
}: SparseRow): string {
  const ratios = [
    ['PyTorch', overTorch],
    ['torch.sparse', overTorchSparse],
    ['SciPy', overScipy],
  ] as const;
  const others = ratios.flatMap(([label, ratio]) => (ratio === null ? [] : [`, ${label} ${fixed(ratio)} x`]));
  const at = `${what} ${name}, batch ${batchSize}, ${threads} thread(s), sparsity ${sparsity}`;
  return `${at}: ${ourMilliseconds.toFixed(3)} ms; dense ${fixed(overDense)} x${others.join('')}`;
}

/** Which masks the networks were timed with: those of a criterion give other speeds. */
export const MASKS = 'uniform random';

/** Ratios as a Markdown table, with which masks and how many ratios are withheld; above 1 the sparse network is faster. */
export function rowTable(rows: readonly SparseRow[]): string {
  const withheld = rows.filter(({ overDenseMin, overDenseMax }) => isWide(overDenseMin, overDenseMax)).length;
  const caption = [`Masks: ${MASKS}, the same share of every layer.`, ...withheldNote(withheld, rows.length)].join(' ');
  return `${ratios(rows)}\n\n${caption}`;
}

function ratios(rows: readonly SparseRow[]): string {
  return markdownTable(
    [
      [
        'what',
        'name',
        'format',
        'batch',
        'threads',
        'sparsity, %',
        'ours, ms',
        'theoretical',
        'over our dense (range)',
        'over PyTorch dense',
        'over torch.sparse',
        'over SciPy',
      ],
      ...rows.map((row) => [
        row.what,
        row.name,
        row.format,
        `${row.batchSize}`,
        `${row.threads}`,
        fixed(100 * row.sparsity, 0),
        fixed(row.ourMilliseconds, 3),
        fixed(row.theoretical, 1),
        withRange(row.overDense, row.overDenseMin, row.overDenseMax),
        fixed(row.overTorch),
        fixed(row.overTorchSparse),
        fixed(row.overScipy),
      ]),
    ],
    { align: ['l', 'l', 'l', ...Array<string>(9).fill('r')] },
  );
}

/** From which sparsity on compressed rows pay, layer by layer. */
export function crossoverTable(found: readonly Crossover[]): string {
  return markdownTable(
    [
      ['layer', 'batch', 'threads', 'compressed rows are faster from a sparsity of'],
      ...found.map(({ layer, batchSize, threads, sparsity }) => [
        layer,
        `${batchSize}`,
        `${threads}`,
        sparsity === null ? 'not up to 98 %' : `${fixed(100 * sparsity, 0)} %`,
      ]),
    ],
    { align: ['l', 'r', 'r', 'r'] },
  );
}

/** GPU.js's modes against the native sparse kernels; above 1 GPU.js is slower. */
export function gpuTable(rows: readonly GpuModeRow[]): string {
  return markdownTable(
    [
      ['GPU.js mode', 'operation', 'layer', 'sparsity, %', 'GPU.js, ms', 'native, ms', 'GPU.js / native (range)'],
      ...rows.map((row) => [
        row.mode,
        row.operation,
        row.layer,
        fixed(100 * row.sparsity, 0),
        fixed(row.gpuMilliseconds),
        fixed(row.nativeMilliseconds, 3),
        withRange(row.overNative, row.overNativeMin, row.overNativeMax, 1),
      ]),
    ],
    { align: ['l', 'l', 'l', 'r', 'r', 'r', 'r'] },
  );
}
