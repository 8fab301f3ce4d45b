import {readdirSync, rmdirSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import {OWN} from './list-outputs.js';

/** Entries up to which a directory is removed at once: each costs less than a turn of the thread pool. */
const SMALL = 16;

/**
 * Removes an attempt at once that has nothing but Weft's own files and empty directories, as that of a value has. False where it is not such
 * a one, as what a task wrote can be of any size, or could not be removed: some of it may be gone.
 */
export function removeSmall(directory: string): boolean {
  try {
    const entries = readdirSync(directory, {withFileTypes: true});
    if (entries.length > SMALL || entries.some(({name}) => !name.startsWith(OWN))) return false;
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) rmdirSync(path);
      else unlinkSync(path);
    }
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
