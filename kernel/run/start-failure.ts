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
      return {
        reason: 'start',
        message: `${place} can't be written: the file system is read-only`,
        remedy: 'results are written there; use a copy of it, or another place for work: %config store DIR',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        reason: 'start',
        message: `${place} can't be written: ${message}`,
        remedy: 'results are written there; give yourself the right to write, or use a copy of it',
      };
    case 'EIO':
      return {
        reason: 'start',
        message: `${place} can't be written: the disk gave an error`,
        remedy: 'look at the system log of this machine, then run the cell again',
      };
    default:
      if (code !== undefined) return {reason: 'start', message};
      return {reason: 'bug', message: error instanceof Error ? (error.stack ?? message) : String(error)};
  }
}

/** What bash says of an error of the file system (`strerror`, in the locale C), and its name. */
const SAID: readonly (readonly [string, string])[] = [
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Read-only file system', 'EROFS'],
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['Input/output error', 'EIO'],
];

/**
 * The failure of a job that its runner could not start because of the file system; undefined if the message is about something else.
 * @param message what the runner has said
 * @param place the file that could not be made
 */
export function runnerFailure(message: string, place: string): Failure | undefined {
  const code = SAID.find(([text]) => message.includes(`${place}: ${text}`))?.[1];
  return code === undefined ? undefined : startFailure(Object.assign(new Error(message), {code}), place);
}
