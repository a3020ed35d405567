export { type BatchOptions, batches } from './batches.ts';
export { type Crops, type ImageSplit, imageSplit, normalisationTable } from './byte-split.ts';
export type { Availability, LoadOptions, SuiteDataset } from './dataset-entry.ts';
export { datasets, loadDataset } from './load-dataset.ts';
export type { DatasetManifest } from './manifest.ts';
export {
  type ArraysDataset,
  fromArrays,
  fromIdx,
  type IdxDataset,
  type IdxFiles,
  type PlainExamples,
} from './own-dataset.ts';
export { default } from './plugin.ts';
