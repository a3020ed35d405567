import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** Why a file cannot be read, as the end of a sentence that begins with its name: "is missing", "is a folder, not a file". */
export class FileFault extends Error {
  /** What the file system said, where it said something. */
  readonly code: string | undefined;
  /** Of a file that is too long. */
  readonly size: number | undefined;

  constructor(reason: string, { cause, size }: { cause?: unknown; size?: number } = {}) {
    super(reason, { cause });
    this.name = 'FileFault';
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code;
    this.size = size;
  }
}

/** Opening a pipe that nobody writes to would wait for ever without the second flag; files do not know it. */
const OPEN = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * The bytes of a regular file of at most `most` bytes. Whatever else may lie under a name (a folder, a pipe, an endless device, a
 * file of a terabyte of holes) is refused before anything is read.
 *
 * @throws FileFault
 */
export async function readRegularFile(path: string, most: number): Promise<Buffer<ArrayBuffer>> {
  try {
    await using file = await open(path, OPEN);
    refuseOthers(await file.stat(), most);
    return await file.readFile();
  } catch (error) {
    throw faultOf(error);
  }
}

/**
 * `readRegularFile` for small files that are needed at once.
 *
 * @throws FileFault
 */
export function readRegularFileSync(path: string, most: number): Buffer<ArrayBuffer> {
  let file: number | undefined;
  try {
    file = openSync(path, OPEN);
    refuseOthers(fstatSync(file), most);
    return readFileSync(file);
  } catch (error) {
    throw faultOf(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function refuseOthers(found: Stats, most: number): void {
  if (found.isDirectory()) throw new FileFault('is a folder, not a file');
  if (!found.isFile()) throw new FileFault('is a pipe, socket or device, not a file');
  const { size } = found;
  if (size > most) throw new FileFault(`is too long: expected ${most} bytes at most, found ${size}`, { size });
}

function faultOf(error: unknown): FileFault {
  if (error instanceof FileFault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new FileFault(code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? message})`, { cause: error });
}
