/** Errors of disks that the kernel must tell of. */
export type Code = 'ENOSPC' | 'EACCES' | 'EROFS' | 'EIO';

/** What a person must read of each error: the reason, and what to do. */
export const WORDS: Readonly<Record<Code, readonly [reason: RegExp, remedy: RegExp]>> = {
  ENOSPC: [/disk is full|no space/i, /free some space/i],
  EACCES: [/may not be written|can't be written|permission denied/i, /the right to write/i],
  EROFS: [/read-only/i, /another place|a copy of it/i],
  EIO: [/disk gave an error|i\/o error|input\/output error/i, /system log/i],
};

/** The errors of any operation, and those of writing what is there. */
export const ANY: readonly Code[] = ['ENOSPC', 'EACCES', 'EROFS', 'EIO'];
export const WRITING: readonly Code[] = ['ENOSPC', 'EIO'];
