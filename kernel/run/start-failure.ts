import type {Failure} from '../graph/failure.js';

/** A failure of the file system before a task ran, in a person's words; anything else that was thrown is a bug. */
export function startFailure(error: unknown, place: string): Failure {
  const {code, message} = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        reason: 'start',
        message: `no space is left for ${place}`,
        remedy: 'free some space or raise the quota, then run the cell again',
      };
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {
        reason: 'start',
        message: `${place} can't be written: ${message}`,
        remedy: 'results are written there; give yourself the right to write, or use a copy of it',
      };
    default:
      if (code !== undefined) return {reason: 'start', message};
      return {reason: 'bug', message: error instanceof Error ? (error.stack ?? message) : String(error)};
  }
}
