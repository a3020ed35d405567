import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { openFile } from './read-whole.ts';

/**
 * SHA-256 of a file's bytes, hexadecimal.
 *
 * @throws FileError for what is no regular file, or cannot be read
 */
export async function sha256(path: string): Promise<string> {
  const { handle } = await openFile(path);
  const hash = createHash('sha256');
  await pipeline(handle.createReadStream(), hash);
  return hash.digest('hex');
}
