import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifest = z.object({ name: z.string().optional(), version: z.string().default('unknown') });

/** What the package.json at `path` says of its package. */
export function readManifest(path: string | URL): z.output<typeof manifest> {
  return manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
}
