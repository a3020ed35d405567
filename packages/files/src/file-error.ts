import { codeOf, PrunebenchError } from '@prunebench/core';

/** A file or folder that cannot be used as it should, for a reason that a user can mend. */
export class FileError extends PrunebenchError {
  /** What the system calls the reason ("ENOSPC"); EFTYPE for what is no file, E2BIG for one that is too large to read. */
  readonly code: string;
  readonly path: string;

  constructor(message: string, about: { code: string; path: string; remedy: string; cause?: unknown }) {
    super(message, about);
    this.name = 'FileError';
    this.code = about.code;
    this.path = about.path;
  }

  /** Whether something stands there that is not to be read as a file, rather than a file that cannot be read at the moment. */
  get isInTheWay(): boolean {
    return ['EFTYPE', 'E2BIG', 'EISDIR', 'ELOOP', 'ENXIO'].includes(this.code);
  }
}

type Explanation = readonly [what: string, remedy: string];

const KEPT = 'Free some space and run the same command again: finished stages are kept.';
const otherFolder = (option: string) => `Choose another folder with ${option}.`;

/** What can befall a disk at any moment: nothing that is tried after it would fare better. */
const diskFaults: Readonly<Record<string, Explanation>> = {
  ENOSPC: ['The disk is full', KEPT],
  EDQUOT: ['The disk quota is used up', KEPT],
  EFBIG: [
    'A file would become larger than is allowed here',
    'Raise the limit (ulimit -f), or use another file system.',
  ],
  EROFS: ['The file system is read-only', otherFolder('--results')],
  EIO: ['The disk does not work', `Check it. ${otherFolder('--results')}`],
};

/** What makes a folder unusable from the start. */
function folderFaults(option: string): Readonly<Record<string, Explanation>> {
  const other = otherFolder(option);
  const permissions = `${other.slice(0, -1)}, or change its permissions.`;
  return {
    ...diskFaults,
    EROFS: ['The file system is read-only', other],
    EACCES: ['No permission to write', permissions],
    EPERM: ['No permission to write', permissions],
    ENOTDIR: ['A part of the path is a file, not a folder', other],
    ENOENT: ['No folder can be created there', other],
    EEXIST: ['A file stands where a folder is needed', other],
    ELOOP: ['A link in the path leads back to itself', other],
    ENAMETOOLONG: ['The path is too long', other],
  };
}

/** What keeps a single file from being read or written. */
const fileFaults: Readonly<Record<string, Explanation>> = {
  ...diskFaults,
  EACCES: ['No permission', 'Change the permissions of the file or of its folder.'],
  EPERM: ['No permission', 'Change the permissions of the file or of its folder.'],
  ENOENT: ['There is no such file or folder', 'Check the path.'],
  ENOTDIR: ['A part of the path is a file, not a folder', 'Check the path.'],
  EISDIR: ['A folder stands where a file is needed', 'Move it away.'],
  ELOOP: ['A link leads back to itself', 'Delete the link.'],
  ENXIO: ['Nothing that can be read as a file stands there', 'Move it away.'],
  ENAMETOOLONG: ['The path is too long', 'Choose a shorter one.'],
  EMFILE: ['This process has too many files open', 'Raise the limit (ulimit -n).'],
  ENFILE: ['This machine has too many files open', 'Stop other programs.'],
};

/** Why a folder that `option` names cannot be used, in words; undefined for an error that is none of the file system's. */
export function folderError(error: unknown, option: string = '--results'): FileError | undefined {
  return explain(error, folderFaults(option));
}

/** Why the file at `path` cannot be used, in words; an error that is none of the file system's comes back as it is. */
export function fileError(error: unknown, path: string): unknown {
  return error instanceof FileError ? error : (explain(error, fileFaults, path) ?? error);
}

/** The error for a disk that takes no more, wherever in the chain of causes it hides; undefined for any other error. */
export function diskError(error: unknown): FileError | undefined {
  return inChain(error, diskFaults);
}

/** The same for any fault of the file system. */
export function systemError(error: unknown): FileError | undefined {
  return inChain(error, fileFaults);
}

function inChain(error: unknown, faults: Readonly<Record<string, Explanation>>): FileError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof FileError && cause.code in faults) return cause;
    const explained = explain(cause, faults);
    if (explained) return explained;
  }
  return undefined;
}

function explain(error: unknown, faults: Readonly<Record<string, Explanation>>, place?: string): FileError | undefined {
  const code = codeOf(error);
  const known = code === undefined ? undefined : faults[code];
  if (code === undefined || !known) return undefined;
  const [what, remedy] = known;
  const where = place ?? pathOf(error) ?? '';
  return new FileError(`${what}${where && `: ${where}`} (${code}).`, { code, path: where, remedy, cause: error });
}

/** The file or folder that the system names. */
function pathOf(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}
