import {link, symlink} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {makeDirectory} from '../kernel/fingerprint/make-directory.js';
import type {UnionFile} from './join-conflicts.js';

/** Links that are made at once: the event loop stays free between them. */
const CONCURRENCY = 32;

/**
 * Links the files of a union into a directory: by hard links, and where these can't be (another file system, too many links) by
 * relative symbolic links, which hold wherever the tree is moved. `final` is where the directory will lie.
 */
export async function linkFiles(files: readonly UnionFile[], directory: string, final: string): Promise<void> {
  const made = new Set<string>();
  for (const {path} of files) {
    const parent = dirname(path);
    if (made.has(parent)) continue;
    made.add(parent);
    await makeDirectory(join(directory, parent));
  }
  for (let at = 0; at < files.length; at += CONCURRENCY) {
    await Promise.all(files.slice(at, at + CONCURRENCY).map(file => linkFile(file, directory, final)));
  }
}

async function linkFile({path, member}: UnionFile, directory: string, final: string): Promise<void> {
  const source = join(member.directory, path);
  try {
    await link(source, join(directory, path));
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === undefined || !['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) throw error;
    await symlink(relative(dirname(join(final, path)), source), join(directory, path));
  }
}
