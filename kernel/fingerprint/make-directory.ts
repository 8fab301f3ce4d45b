import {mkdirSync, statSync} from 'node:fs';
import {mkdir, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {codeOf} from './file-problem.js';

/*
 * A directory is made with all above it that is missing. Node's own recursive way says that the directory is missing where a disk is
 * full, read-only or broken, which helps nobody, and never comes back where nothing can be made, as in /proc.
 */

/**
 * Makes a directory where there is none. Throws what the system says of the first one that can't be made.
 * @param above whether those above it are made, too
 */
export async function makeDirectory(path: string, above = true): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (above && codeOf(error) === 'ENOENT' && dirname(path) !== path) {
      await makeDirectory(dirname(path));
      await makeDirectory(path, false);
    } else if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  }
}

/** The same at once. */
export function makeDirectorySync(path: string, above = true): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (above && codeOf(error) === 'ENOENT' && dirname(path) !== path) {
      makeDirectorySync(dirname(path));
      makeDirectorySync(path, false);
    } else if (statSync(path, {throwIfNoEntry: false})?.isDirectory() !== true) throw error;
  }
}
