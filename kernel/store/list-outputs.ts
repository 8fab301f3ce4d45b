import {readdirSync} from 'node:fs';
import {readlink, realpath, rename, symlink} from 'node:fs/promises';
import {dirname, isAbsolute, join, relative} from 'node:path';
import {Slice} from '../fingerprint/slice.js';
import {OWN} from '../graph/own-files.js';

/**
 * Lists the files and links below an attempt's directory, relative and sorted, without Weft's own, pipes and sockets.
 * A link by an absolute path into the directory itself is made relative, as the directory will be renamed.
 * Throws what `node:fs` throws.
 * @param own gets the names of Weft's own
 */
export async function listOutputs(directory: string, own: string[] = []): Promise<readonly string[]> {
  const names: string[] = [];
  const slice = new Slice();

  async function walk(below: string): Promise<void> {
    if (slice.over) await slice.rest();
    // At once: by the thread pool, a look at the few files of a task would cost several times as much.
    for (const entry of readdirSync(join(directory, below), {withFileTypes: true})) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (below === '' && name.startsWith(OWN)) own.push(name);
      else if (entry.isDirectory()) await walk(name);
      else if (entry.isFile()) names.push(name);
      else if (entry.isSymbolicLink()) {
        await untie(name);
        names.push(name);
      }
    }
  }

  async function untie(name: string): Promise<void> {
    const path = join(directory, name);
    const target = await readlink(path);
    if (!isAbsolute(target)) return;
    const root = [directory, await realpath(directory)].find(
      candidate => target === candidate || target.startsWith(`${candidate}/`),
    );
    if (root === undefined) return;
    const inside = relative(dirname(join(root, name)), target);
    const temporary = `${path}.weft-link`;
    await symlink(inside === '' ? '.' : inside, temporary);
    await rename(temporary, path);
  }

  await walk('');
  return sortPaths(names);
}

/** The order of outputs in a manifest: by code units, the same everywhere. */
export function sortPaths(paths: readonly string[]): readonly string[] {
  return [...paths].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
