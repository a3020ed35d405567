import type { Dataset } from '@prunebench/core';
import { z } from 'zod';
import { datasetChecksum, limited, tableOf } from './assemble.ts';
import { availabilityOf } from './availability.ts';
import { byteSplit } from './byte-split.ts';
import type { LoadOptions, SuiteDataset } from './dataset-entry.ts';
import { datasetFolder } from './dataset-package.ts';
import { deferredEntry } from './deferred-entry.ts';
import { type DatasetManifest, readManifest, sourceFileAt } from './manifest.ts';
import { parseJson } from './parse-json.ts';
import { readSourceFile } from './source-file.ts';
import { badFile } from './source-folder.ts';

/** How many values each of the six attributes has; a value is coded as that many inputs of which one is 1. */
const ATTRIBUTE_SIZES = [3, 3, 2, 3, 4, 2];
const INPUTS = ATTRIBUTE_SIZES.reduce((sum, size) => sum + size, 0);
const DOMAIN_SIZE = ATTRIBUTE_SIZES.reduce((product, size) => product * size, 1);
const TRAINING_ROWS = 'training-rows.json';

/** Attribute values a1 ... a6, counted from 1. */
type Attributes = readonly number[];

/** The three concepts of Thrun et al. 1991, section 1.3. */
const concepts: Readonly<Record<string, (a: Attributes) => boolean>> = {
  monk1: ([a1, a2, , , a5]) => a1 === a2 || a5 === 1,
  monk2: (attributes) => attributes.filter((value) => value === 1).length === 2,
  monk3: ([, a2, , a4, a5]) => (a5 === 3 && a4 === 1) || (a5 !== 4 && a2 !== 3),
};

const rowNumber = z.int().min(1).max(DOMAIN_SIZE);
const trainingRows = z.record(z.string(), z.strictObject({ rows: z.array(rowNumber), noisy: z.array(rowNumber) }));
type TrainingRows = z.output<typeof trainingRows>[string];

function monkManifest(): DatasetManifest {
  const manifest = readManifest('monk', { ids: Object.keys(concepts), paths: [TRAINING_ROWS], axes: 1 });
  if (manifest.inputShape[0] !== INPUTS || manifest.classes !== 2)
    throw badFile(
      datasetFolder('monk'),
      'manifest.json',
      `expected "inputShape" [${INPUTS}] and 2 "classes", found [${manifest.inputShape}] and ${manifest.classes}`,
    );
  return manifest;
}

/** The attributes of row `row` (from 0) of the domain, the last attribute running fastest. */
function attributesOf(row: number): Attributes {
  const values: number[] = [];
  let rest = row;
  for (const size of ATTRIBUTE_SIZES.toReversed()) {
    values.unshift(1 + (rest % size));
    rest = Math.floor(rest / size);
  }
  return values;
}

/** The 17 inputs of every row of the domain. */
function oneHotDomain(): Uint8Array {
  const bytes = new Uint8Array(DOMAIN_SIZE * INPUTS);
  for (let row = 0; row < DOMAIN_SIZE; row++) {
    let start = row * INPUTS;
    attributesOf(row).forEach((value, attribute) => {
      bytes[start + value - 1] = 1;
      start += ATTRIBUTE_SIZES[attribute];
    });
  }
  return bytes;
}

/** The published training set of `id`, checked against the manifest. */
async function readTrainingRows(id: string, manifest: DatasetManifest): Promise<TrainingRows> {
  const source = datasetFolder('monk');
  const fault = (reason: string) => badFile(source, TRAINING_ROWS, reason);
  const text = new TextDecoder().decode(await readSourceFile(source, sourceFileAt(manifest, TRAINING_ROWS)));
  const result = trainingRows.safeParse(parseJson(text));
  if (!result.success) throw fault(`expected lists of row numbers 1 to ${DOMAIN_SIZE}, found something else`);
  if (!Object.hasOwn(result.data, id)) throw fault(`expected an entry for ${id}, found none`);
  const { rows } = result.data[id];
  const wanted = manifest.splits[id].train;
  if (rows.length !== wanted) throw fault(`expected ${wanted} rows of ${id}, found ${rows.length}`);
  return result.data[id];
}

async function load(id: string, manifest: DatasetManifest, { limit }: LoadOptions = {}): Promise<Dataset> {
  const published = await readTrainingRows(id, manifest);
  const clean = Int32Array.from({ length: DOMAIN_SIZE }, (_, row) => Number(concepts[id](attributesOf(row))));
  const noisy = clean.slice();
  for (const number of published.noisy) noisy[number - 1] = 1 - noisy[number - 1];

  const domain = { bytes: oneHotDomain(), shape: manifest.inputShape, table: tableOf(manifest) };
  const trainRows = Uint32Array.from(published.rows, (number) => number - 1);
  const training = byteSplit({ ...domain, labels: noisy }, limited(trainRows, limit));
  const everyRow = Uint32Array.from(clean, (_, row) => row);
  return {
    id,
    inputShape: manifest.inputShape,
    classes: manifest.classes,
    splits: {
      train: training,
      validation: training,
      calibration: training,
      test: byteSplit({ ...domain, labels: clean }, limited(everyRow, limit)),
    },
    checksum: datasetChecksum(manifest, { id, limit }),
  };
}

export const monks: readonly SuiteDataset[] = Object.keys(concepts).map((id) =>
  deferredEntry(id, () => {
    const manifest = monkManifest();
    return {
      id,
      title: `${manifest.title}: ${id.replace('monk', 'MONK-')}`,
      manifest,
      checksum: datasetChecksum(manifest, { id }),
      availability: () => availabilityOf(manifest, () => datasetFolder('monk')),
      load: (options) => load(id, manifest, options),
    };
  }),
);
