import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** How the names of unfinished files and folders end. */
export const DRAFT = '.tmp';

const UNFINISHED = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** The names that earlier versions gave them: a number of 32 bits behind the file's own name. A date is somebody's copy. */
const UNFINISHED_BEFORE = /\.(json|csv|svg|md|safetensors)\.(?!(19|20)\d{6}$)\d{6,10}$/;

export interface SweepOptions {
  /** Milliseconds since the last change; for folders in which other processes may be writing. */
  readonly olderThan?: number;
  /** Only leftovers of these files; by default of any. */
  readonly of?: readonly string[];
}

/** Removes the unfinished files that killed processes left in `folder`, which may be absent; not those in folders below it. */
export async function sweepLeftovers(folder: string, { olderThan = 0, of }: SweepOptions = {}): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  const leftovers = names.filter((name) => {
    const base = name.replace(UNFINISHED, '').replace(UNFINISHED_BEFORE, '.$1');
    return base !== name && (of?.includes(base) ?? true);
  });
  for (const name of leftovers) {
    const path = join(folder, name);
    if (olderThan > 0 && !(await isOlder(path, olderThan))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

async function isOlder(path: string, milliseconds: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > milliseconds;
}
