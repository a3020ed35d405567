export { sha256 } from './file-digest.ts';
export { diskError, FileError, fileError, folderError, systemError } from './file-error.ts';
export { absentUnlessUncertain, exists, existsUpwards, isFolder, makeFolder, syncFolder } from './folders.ts';
export { writeJson } from './json.ts';
export { sweepLeftovers } from './leftovers.ts';
export { refuseLinksOut } from './links-out.ts';
export { type Held, type LockHolder, lockHolder, tryLock } from './lock.ts';
export { notify, onNotice, optionally } from './optional-work.ts';
export { isStillThere, type ProcessMark, parentOf, processMark } from './process-mark.ts';
export {
  readText,
  readTextIfThere,
  readTextSync,
  readWhole,
  readWholeSync,
  refuseOtherThanFile,
} from './read-whole.ts';
export { copyAside, isTaken, type Notice, setAside } from './set-aside.ts';
export { writeWhole } from './write-whole.ts';
