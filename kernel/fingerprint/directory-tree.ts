import {readdir, readlink, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {codeOf, fileProblem, type Reading} from './file-problem.js';
import {FINGERPRINT_VERSION, canonicalJson, digestOf, type Digest} from './fingerprint.js';

/** What lies below a directory, by relative names with `/`, sorted by code units. */
export interface DirectoryTree {
  /** Regular files, and links to them. */
  readonly files: readonly string[];
  /** Links that lead nowhere or back up, each with the digest of where it points. */
  readonly links: readonly (readonly [name: string, digest: Digest])[];
}

const sorted = (names: string[]): string[] => names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** What programs leave in a directory as they run: Python's compiled forms, git's own files, and the store that may lie in it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['__pycache__', '.git', '.weft']);

/** The file that tells that a directory is a store, where its name does not: one that lies in a hashed directory is no part of that. */
export const STORE_MARK = '.weft-store';

/** Lists a directory with all that is below it. Links are followed. Pipes, sockets and devices are left out, and so is what programs leave there. */
export async function listTree(directory: string): Promise<Reading<DirectoryTree>> {
  const files: string[] = [];
  const links = new Map<string, Digest>();

  async function walk(relative: string, above: readonly string[]): Promise<void> {
    const here = join(directory, relative);
    const {dev, ino} = await stat(here, {bigint: true});
    const identity = `${dev}:${ino}`;
    if (above.includes(identity)) {
      links.set(relative, digestOf(`link\n${await readlink(here)}`));
      return;
    }
    const entries = await readdir(here, {withFileTypes: true});
    if (relative !== '' && entries.some(({name}) => name === STORE_MARK)) return;
    for (const entry of entries) {
      if (LEFT_OUT.has(entry.name)) continue;
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isFile()) files.push(name);
      else if (entry.isDirectory()) await walk(name, [...above, identity]);
      else if (entry.isSymbolicLink()) await follow(name, [...above, identity]);
    }
  }

  async function follow(name: string, above: readonly string[]): Promise<void> {
    const path = join(directory, name);
    try {
      const stats = await stat(path);
      if (stats.isFile()) files.push(name);
      else if (stats.isDirectory()) await walk(name, above);
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) throw error;
      links.set(name, digestOf(`link\n${await readlink(path)}`));
    }
  }

  try {
    await walk('', []);
  } catch (error) {
    return {ok: false, error: fileProblem(directory, error)};
  }
  return {ok: true, value: {files: sorted(files), links: [...links]}};
}

/** The text whose sha256 is a directory's digest: sorted (name, digest), under a domain of its own. */
export function directoryText(entries: readonly (readonly [name: string, digest: string])[]): string {
  const byName = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `weft/directory/${FINGERPRINT_VERSION}\n${canonicalJson(byName)}`;
}
