import { writeWhole } from './write-whole.ts';

/** Writes pretty JSON: readers see the old file or the new one. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);
}
