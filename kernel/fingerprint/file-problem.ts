/** Why a file could not be read, or not be written. */
export interface FileProblem {
  readonly path: string;
  /** The system's name of the error (`ENOENT`), or `CHANGING` for a file that was written while it was read. */
  readonly code: string;
  readonly message: string;
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'is missing',
  ENOTDIR: 'is missing',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  EISDIR: 'is a directory',
  ELOOP: 'is a link to itself',
  EIO: 'could not be read: the disk gave an error',
  ESTALE: 'could not be read: its file server lost it',
};

/** The system's name of an error that `node:fs` threw. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

/** Makes a problem of what `node:fs` threw. Anything else is a bug and is thrown on. */
export function fileProblem(path: string, error: unknown): FileProblem {
  const code = codeOf(error);
  if (code === 'UNKNOWN') throw error;
  return {path, code, message: `${path} ${words[code] ?? `could not be read (${code})`}`};
}

/** What reading a file gave: the same shape as the `Result` of `graph/`, which this room may not import. */
export type Reading<T> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: FileProblem};
