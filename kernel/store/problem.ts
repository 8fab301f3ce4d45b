import {codeOf} from '../fingerprint/file-problem.js';

/** Why the store could not be read or written, and what to do about it. Both are for a person. */
export interface StoreProblem {
  readonly message: string;
  readonly remedy?: string;
}

const words: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space there, then run the cell again: what is finished stays finished.'],
  EDQUOT: [
    'your quota is used up',
    'Free some space or inodes there, then run the cell again: what is finished stays finished.',
  ],
  EROFS: [
    'the file system is read-only',
    'Choose another place: `%config store DIR` for work, another root for reruns.',
  ],
  EACCES: [
    'it may not be written',
    'Ask its owner for the right to write there, or choose another place with `%config store DIR`.',
  ],
  EPERM: [
    'it may not be written',
    'Ask its owner for the right to write there, or choose another place with `%config store DIR`.',
  ],
  EXDEV: ['it lies on another file system', 'Keep the attempts and the results of a store on one file system.'],
  ENOTDIR: ['a part of its path is a file', 'Choose another place: `%config store DIR`.'],
  EIO: ['the disk gave an error', 'Look at the system log of this machine.'],
  ESTALE: ['its file server lost it', 'Look whether the file system is still mounted, then run the cell again.'],
  ENAMETOOLONG: ['the name is too long', 'Choose a store with a shorter path: `%config store DIR`.'],
};

/** Makes a problem of what `node:fs` threw while `path` was written. Anything else is a bug and is thrown on. */
export function writeProblem(path: string, error: unknown): StoreProblem {
  const code = codeOf(error);
  if (code === 'UNKNOWN') throw error;
  const known = words[code];
  if (known === undefined) return {message: `${path} could not be written (${code})`};
  const [what, remedy] = known;
  return {message: `${path} could not be written: ${what}`, remedy};
}
