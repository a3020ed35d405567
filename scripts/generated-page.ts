import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeWhole } from '@prunebench/files';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes pages that a program makes; with `--check` on its command line says which are not up to date instead, and fails.
 *
 * @param pages path -> text
 * @param command what writes them again, behind `npx -y pnpm@10.34.8`
 */
export async function writeOrCheck(pages: ReadonlyMap<string, string>, command: string): Promise<void> {
  const check = process.argv.includes('--check');
  for (const [path, text] of pages) {
    const name = relative(root, path);
    if (!check) {
      await writeWhole(path, text);
      console.log(`${name} written`);
    } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
      console.error(`${name} is not up to date. Run: npx -y pnpm@10.34.8 ${command}`);
      process.exitCode = 1;
    }
  }
}
