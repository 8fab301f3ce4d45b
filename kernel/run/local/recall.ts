import {closeSync, openSync, writeFileSync} from 'node:fs';

/** Marks the attempt in a directory as cancelled: a runner looks for this before it starts it, and when SIGUSR2 says so. */
export function markCancelled(directory: string): void {
  try {
    writeFileSync(`${directory}/.weft.cancelled`, '');
  } catch {
    // A directory that is gone will not be run either.
  }
}

/**
 * Makes the attempt's log, if it is not there: true if no runner will ever start this attempt. Runners claim in the same
 * way, so that exactly one of all succeeds.
 */
export function claimLog(directory: string): boolean {
  try {
    closeSync(openSync(`${directory}/.weft.log`, 'wx'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
