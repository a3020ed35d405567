export { type Changes, changesSince, commitsOf, RecordGroups, unknownCode } from './changes.ts';
export { type Folded, foldRecords, foldTable } from './fold.ts';

export { type CorruptRecord, type LoadedRecords, lineOf, loadRecords, loadTable } from './load.ts';
export { type NamedTrial, trialNames } from './names.ts';
export { recordDigest } from './record-digest.ts';
export { rewriteRecords } from './rewrite.ts';
export { recordSchemas } from './schemas.ts';
export { readTable, withdrawRecords } from './set-aside.ts';
export {
  benchmarksWithRecords,
  publishedFiles,
  type RecordPlace,
  type RecordTable,
  recordTable,
  workingFile,
  workingFolder,
} from './table.ts';
export { writeRecord } from './working.ts';
