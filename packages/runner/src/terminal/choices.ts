import { type Table, tableOf } from '@prunebench/report/tables';
import type { Format, LayerChoice } from '@prunebench/sparse';

const FORMATS: readonly Format[] = ['dense', 'shrunken-dense', 'csr', 'bsr'];

/** Which format was chosen for each layer, and what each takes. */
export function choiceTable(layers: readonly LayerChoice[]): Table {
  const size = ([rows, columns]: readonly [number, number]) => `${rows} x ${columns}`;
  return tableOf<LayerChoice>(
    [
      { head: 'layer', text: ({ layer }) => layer },
      { head: 'outputs x inputs', text: ({ matrix }) => size(matrix) },
      { head: 'without dead channels', text: ({ shrunken }) => size(shrunken) },
      { head: 'density, %', text: ({ density }) => (100 * density).toFixed(1) },
      { head: 'chosen', text: ({ chosen }) => chosen },
      ...FORMATS.map((format) => ({
        head: `${format}, ms`,
        text: ({ milliseconds }: LayerChoice) => milliseconds[format]?.toFixed(4),
      })),
    ],
    layers,
  );
}
