import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const byteCount = z.int().positive();

/** A source file: its place in the package or folder, and what its content must be. */
const sourceFile = z.strictObject({
  path: z.string(),
  /** Of the decompressed content, where the file is gzipped. */
  bytes: byteCount,
  sha256,
  md5: z.string().optional(),
});
export type SourceFile = z.output<typeof sourceFile>;

const size = z.int().positive();

/** What datasets/<name>/manifest.json says. */
export const datasetManifest = z.strictObject({
  title: z.string(),
  source: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('npm'), package: z.string(), version: z.string(), homepage: z.url() }),
    z.strictObject({ kind: z.literal('folder'), package: z.string(), version: z.string(), homepage: z.url() }),
    z.strictObject({ kind: z.literal('generated'), homepage: z.url() }),
  ]),
  licence: z.string(),
  citation: z.strictObject({
    authors: z.string(),
    title: z.string(),
    year: z.int(),
    venue: z.string(),
    url: z.url(),
  }),
  files: z.array(sourceFile),
  filesNote: z.string().optional(),
  /** What decoding the files must give, as one run of bytes; kept in the cache folder. */
  decoded: sourceFile.optional(),
  inputShape: z.array(size),
  classes: z.int().min(2),
  /** Per channel, of inputs scaled to [0, 1]; null leaves the inputs as they are. */
  normalisation: z.strictObject({ mean: z.array(z.number()), deviation: z.array(z.number().positive()) }).nullable(),
  /** Examples in each split, by dataset id. */
  splits: z.record(z.string(), z.strictObject({ train: size, validation: size, calibration: size, test: size })),
  splitRule: z.string(),
  /** Why splits share examples; absent where they do not. */
  overlap: z.string().optional(),
});
export type DatasetManifest = z.output<typeof datasetManifest>;

/** The entry of the file at `path`; a manifest that lacks it is a bug. */
export function sourceFileAt(manifest: DatasetManifest, path: string): SourceFile {
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (!file) throw new Error(`The manifest of ${manifest.title} does not list ${path}.`);
  return file;
}
