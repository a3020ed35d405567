export { type BatchOptions, batches } from './batches.ts';
export { type Crops, type ImageSplit, imageSplit, normalisationTable } from './byte-split.ts';
export type { Availability, LoadOptions, SuiteDataset } from './dataset-entry.ts';
export { datasets, loadDataset } from './load-dataset.ts';
export type { DatasetManifest } from './manifest.ts';
export { default } from './plugin.ts';
