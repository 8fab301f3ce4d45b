import {readdirSync, rmdirSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {OWN} from '../graph/own-files.js';

/** Entries up to which a directory is removed at once: each costs less than a turn of the thread pool. */
const SMALL = 16;

/** What nearly all attempts without files have at their end: to remove these without a look costs less than to read which there are. */
const USUAL = ['exit', 'log', 'runner', 'script', 'started'].map(name => OWN + name);

/**
 * Removes an attempt at once that has nothing but Weft's own files and empty directories, as that of a value has. False where it is not such
 * a one, as what a task wrote can be of any size, or could not be removed: some of it may be gone.
 */
export function removeSmall(directory: string): boolean {
  try {
    if (removeUsual(directory)) return true;
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

/** False where there is less, or more. An attempt that has not ended is not touched. */
function removeUsual(directory: string): boolean {
  try {
    for (const name of USUAL) unlinkSync(`${directory}/${name}`);
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}
