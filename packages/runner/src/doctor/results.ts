import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { PrunebenchError } from '@prunebench/core';
import { exists, existsUpwards } from '@prunebench/files';
import { benchmarksWithRecords } from '@prunebench/records';
import { existingResults, refuseFile } from '../results/results-folder.ts';
import type { Finding } from './check.ts';

const subject = 'results folder';

/** Whether runs can write there, and whether what is there is of this schema version. */
export async function checkResults(results: string): Promise<Finding> {
  const occupied = await refuseFile(results).then(() => undefined, notUsable('fail'));
  if (occupied) return occupied;
  const writable = await access(await existsUpwards(results), constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return {
      status: 'fail',
      subject,
      detail: `${results} is not writable`,
      remedy: 'Choose another one with --results.',
    };
  if (!(await exists(results))) return { status: 'ok', subject, detail: `${results} will be created` };
  try {
    const names = await benchmarksWithRecords((await existingResults(results)).root);
    return { status: 'ok', subject, detail: `${results}: records of ${names.join(', ') || 'no benchmark yet'}` };
  } catch (error) {
    return notUsable('warn')(error);
  }
}

function notUsable(status: 'warn' | 'fail'): (error: unknown) => Finding {
  return (error) => {
    if (!(error instanceof PrunebenchError)) throw error;
    return { status, subject, detail: error.message, remedy: error.remedy ?? '' };
  };
}
