import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';

/** Where a dataset's files lie, and what a user does when one of them is not as it should be. */
export interface SourceFolder {
  readonly folder: string;
  readonly remedy: string;
}

/** The error for a file that is not what it should be: the file, what was expected, what was found, how to get it again. */
export function badFile(source: SourceFolder, path: string, fault: string): PrunebenchError {
  return new PrunebenchError(`${join(source.folder, path)}: ${fault}.`, { remedy: source.remedy });
}
