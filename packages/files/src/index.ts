export { diskError, FileError, fileError, folderError, systemError } from './file-error.ts';
export { exists, existsUpwards, isFolder, makeFolder, syncFolder } from './folders.ts';
export { sweepLeftovers } from './leftovers.ts';
export { type Held, type LockHolder, tryLock } from './lock.ts';
export { onNotice, optionally } from './optional-work.ts';
export { isStillThere, type ProcessMark, parentOf, processMark } from './process-mark.ts';
export { openFile, readText, readTextIfThere, readTextSync, readWhole } from './read-whole.ts';
export { writeWhole } from './write-whole.ts';
