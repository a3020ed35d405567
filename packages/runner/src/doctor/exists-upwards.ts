import { dirname } from 'node:path';
import { exists } from '../files.ts';

/** The path itself, or its nearest parent that exists. */
export async function existsUpwards(path: string): Promise<string> {
  return (await exists(path)) ? path : existsUpwards(dirname(path));
}
