// Batches from a data set's bytes. C++: cc/layout/gather-bytes.cc.
import { invokeOnArrays } from './sparse.ts';

/** Rows of bytes, and what each byte becomes: 256 values for every channel, which come in turn within a row. */
export interface ByteTable {
  readonly bytes: Uint8Array;
  /** Bytes of a row. */
  readonly size: number;
  /** [channels * 256] */
  readonly table: Float32Array;
}

/**
 * Writes the rows `rows`, each byte by its table, one after another into `out`.
 *
 * @param out [rows.length * size]
 * @throws Error for a row that is not there, and where sizes do not fit
 */
export function gatherBytes({ bytes, size, table }: ByteTable, rows: Uint32Array, out: Float32Array): void {
  const channels = table.length / 256;
  if (out.length !== rows.length * size || size % channels !== 0)
    throw new Error(
      `gatherBytes: ${rows.length} rows of ${size} bytes in ${channels} channels do not fill ${out.length} values`,
    );
  const count = bytes.length / size;
  for (const row of rows) if (row >= count) throw new Error(`gatherBytes: there is no row ${row} among ${count}`);
  invokeOnArrays('GatherBytes', { bytes, table, rows, out }, { count: rows.length, size, channels });
}
