import { join } from 'node:path';
import { FileError, readTextSync } from '@prunebench/files';
import { repeatedKey, shown } from '@prunebench/interop';
import { z } from 'zod';
import { datasetFolder } from './dataset-package.ts';
import { parseJson } from './parse-json.ts';
import type { SourceFile } from './source-file.ts';
import { badFile, type SourceFolder } from './source-folder.ts';

const MANIFEST = 'manifest.json';
/** Far more than any manifest needs. */
const MOST_BYTES = 2 ** 20;
/** What one dataset may take: its files are read whole. */
const LARGEST = 2 ** 31 - 1;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().positive().max(LARGEST);

const sourceFile = z.strictObject({
  path: z.string(),
  bytes: size,
  sha256,
  md5: z.string().optional(),
});

const fields = z.strictObject({
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
  /** [height, width, channels] or [features] */
  inputShape: z.array(size).min(1),
  classes: z.int().min(2).max(65_536),
  /** Per channel, of inputs scaled to [0, 1]; null leaves the inputs as they are. */
  normalisation: z.strictObject({ mean: z.array(z.number()), deviation: z.array(z.number().positive()) }).nullable(),
  /** Examples in each split, by dataset id. */
  splits: z.record(z.string(), z.strictObject({ train: size, validation: size, calibration: size, test: size })),
  splitRule: z.string(),
  /** Why splits share examples; absent where they do not. */
  overlap: z.string().optional(),
});

/** What datasets/<name>/manifest.json says. */
export const datasetManifest = fields.superRefine(({ normalisation, inputShape }, context) => {
  if (!normalisation) return;
  const { mean, deviation } = normalisation;
  const channels = inputShape[inputShape.length - 1];
  if (mean.length !== deviation.length || (mean.length !== 1 && mean.length !== channels))
    context.addIssue({
      code: 'custom',
      path: ['normalisation'],
      message: `${mean.length} means and ${deviation.length} deviations for ${channels} channels`,
    });
});
export type DatasetManifest = z.output<typeof datasetManifest>;

/** The entry of the file at `path`; a manifest that lacks it is a bug. */
export function sourceFileAt(manifest: DatasetManifest, path: string): SourceFile {
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (!file) throw new Error(`The manifest of ${manifest.title} does not list ${path}.`);
  return file;
}

/** What the code that reads a dataset counts on. */
export interface ManifestNeeds {
  /** Dataset ids with splits. */
  readonly ids: readonly string[];
  /** Files that are listed. */
  readonly paths: readonly string[];
  /** How many axes one example has. */
  readonly axes: number;
  /** Whether there is an entry `decoded`. */
  readonly decoded?: boolean;
}

/**
 * The manifest of datasets/<name>.
 *
 * @throws PrunebenchError naming the file and the field where it is missing, damaged, or lacks what its dataset needs
 */
export function readManifest(name: string, needs: ManifestNeeds, source = datasetFolder(name)): DatasetManifest {
  try {
    return parseManifest(readTextSync(join(source.folder, MANIFEST), MOST_BYTES), needs, source);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const fault =
      error.code === 'ENOENT' ? 'the manifest is missing' : `the manifest cannot be read (${error.message})`;
    throw badFile(source, MANIFEST, fault);
  }
}

/**
 * The manifest in the text of a file.
 *
 * @throws PrunebenchError: see `readManifest`
 */
export function parseManifest(text: string, needs: ManifestNeeds, source: SourceFolder): DatasetManifest {
  const fault = (reason: string) => badFile(source, MANIFEST, reason);
  const value = parseJson(text);
  if (value === undefined) throw fault('the manifest is not JSON');
  const twice = repeatedKey(text);
  if (twice !== undefined) throw fault(`the manifest has the key ${shown(twice)} twice`);
  const result = datasetManifest.safeParse(value);
  if (!result.success) {
    const [{ path, message }] = result.error.issues;
    throw fault(`the manifest is not valid: ${path.length === 0 ? '' : `"${path.join('.')}": `}${message}`);
  }
  const lack = firstLack(result.data, needs);
  if (lack !== undefined) throw fault(`the manifest is not valid: ${lack}`);
  return result.data;
}

function firstLack({ splits, files, inputShape, decoded }: DatasetManifest, needs: ManifestNeeds): string | undefined {
  const id = needs.ids.find((candidate) => !Object.hasOwn(splits, candidate));
  if (id !== undefined) return `"splits.${id}" is missing`;
  const path = needs.paths.find((candidate) => files.filter((file) => file.path === candidate).length !== 1);
  if (path !== undefined) return `"files" does not list ${path} once`;
  if (inputShape.length !== needs.axes)
    return `"inputShape" has ${inputShape.length} sizes where ${needs.axes} are expected`;
  return needs.decoded && !decoded ? '"decoded" is missing' : undefined;
}
