import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codeOf, messageOf, PrunebenchError } from '@prunebench/core';
import { refuseOtherThanFile } from '@prunebench/files';
import { offerPackages } from './imports.ts';
import { stripTypesInPackages, UNSTRIPPED } from './types-in-packages.ts';

const HERE = new URL('.', import.meta.url).href;

/** Makes the error that names the module; without a remedy of the error's own, the caller knows one. */
export type ImportFault = (reason: string, cause: unknown, remedy?: string) => PrunebenchError;

/**
 * The module at `path` of somebody who adds to the suite: it finds the suite's packages wherever it lies, and may be TypeScript below
 * node_modules.
 *
 * @throws PrunebenchError made by `fault`, with the place in the author's file, for whatever goes wrong while it is loaded
 */
export async function importModule(path: string, fault: ImportFault): Promise<object> {
  offerPackages();
  stripTypesInPackages();
  try {
    refuseWhatNodeWaitsFor(path);
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw fault(`${reasonOf(error)}${placeOf(error)}`, error, remedyOf(error));
  }
}

/** Node.js reads the module itself and the package.json of its folder and of those above it, and would wait for a pipe among them for ever. */
function refuseWhatNodeWaitsFor(path: string): void {
  refuseOtherThanFile(path);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    refuseOtherThanFile(join(folder, 'package.json'));
    if (dirname(folder) === folder) return;
  }
}

function remedyOf(error: unknown): string | undefined {
  if (codeOf(error) === UNSTRIPPED)
    return 'Write it with import and export, or install it compiled to JavaScript: only ES modules may be TypeScript there.';
  return error instanceof PrunebenchError ? error.remedy : undefined;
}

/** The first line: what Node.js adds below it ("Did you mean ...") is a guess. */
function reasonOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0];
}

/** Where the author has to look: the place that the stack begins with, else its first one outside the loader. */
function placeOf(error: unknown): string {
  const stack = (error instanceof Error && error.stack) || '';
  const [first] = stack.split('\n', 1);
  if (isAbsolute(first)) return ` (${first})`; // That of TypeScript which does not parse.
  const place = stack.match(/file:\/\/[^\s)]+:\d+/g)?.find((url) => !url.startsWith(HERE));
  return place === undefined ? '' : ` (${fileURLToPath(place)})`;
}
