import {randomUUID} from 'node:crypto';
import {existsSync, lstatSync, readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {canonicalJson} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {readRegistry} from './registry-file.js';

/** The file of a result that lists what was made in the root. */
export const CHANGES = 'changes.json';

/** What a root holds: rows of its registry, by table, and files, as lines. */
interface Contents {
  readonly rows: readonly string[];
  readonly files: readonly string[];
}

/** What one task makes in a root: found by looking before it and after it. */
export class RootChanges {
  readonly #root: string;
  #before: Contents | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Looks at the root. @param directory of the attempt, where the look is kept */
  async begin(directory: string): Promise<void> {
    this.#before = await contentsOf(this.#root);
    writeFileSync(join(directory, '.weft.before'), JSON.stringify(this.#before));
  }

  /**
   * Looks again, and writes {@link CHANGES} into the attempt's directory.
   * @param final the directory of the result, beside which the list gets its name (LANGUAGE 8)
   */
  async end(directory: string, final: string): Promise<void> {
    // The attempt may be of a kernel that is gone.
    const before = this.#before ?? readBefore(directory);
    const after = await contentsOf(this.#root);
    const [rows, files] = [without(after.rows, before.rows), without(after.files, before.files)];
    // A run that found everything in place vouches for all that there is.
    const changes: Contents = rows.length + files.length > 0 ? {rows, files} : after;
    writeFileSync(join(directory, CHANGES), `${JSON.stringify(changes, null, 1)}\n`);
    nameRecord(final);
  }

  /** Why a result is none any more: it is true as long as all that it made is there. */
  recheck(manifest: Manifest): string | undefined {
    let changes: Contents;
    try {
      changes = JSON.parse(readFileSync(join(manifest.directory ?? '', CHANGES), 'utf8')) as Contents;
    } catch {
      return `${CHANGES} can't be read`;
    }
    const rows = new Set(rowsOf(this.#root));
    if (changes.rows.some(row => !rows.has(row))) return 'rows that it made are not in the registry any more';
    const lost = changes.files.find(file => !existsSync(join(this.#root, file)));
    if (lost !== undefined) return `${lost} is missing`;
    nameRecord(manifest.directory ?? '');
    return undefined;
  }
}

/**
 * The record of a root task as LANGUAGE 8 names it, `<task>-<hash12>.json` beside the result: a link to the list in there. So it says at any
 * moment what the result says, whoever makes or replaces that, and nothing where there is none. A result that was copied without it gets it
 * again. Where it can't be made, the result is no worse.
 */
function nameRecord(final: string): void {
  const record = `${final}.json`;
  const target = join(basename(final), CHANGES);
  try {
    if (linkAt(record) === target) return;
    const fresh = join(dirname(final), `.record-${randomUUID()}`);
    symlinkSync(target, fresh);
    renameSync(fresh, record);
  } catch {
    // The root may not be written, or its file system has no links.
  }
}

/** Where a link leads; undefined for what is none. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function readBefore(directory: string): Contents {
  try {
    return JSON.parse(readFileSync(join(directory, '.weft.before'), 'utf8')) as Contents;
  } catch {
    return {rows: [], files: []};
  }
}

const without = (all: readonly string[], some: readonly string[]): readonly string[] => {
  const known = new Set(some);
  return all.filter(each => !known.has(each));
};

async function contentsOf(root: string): Promise<Contents> {
  return {rows: rowsOf(root), files: await filesOf(root, '')};
}

function rowsOf(root: string): readonly string[] {
  const rows: string[] = [];
  for (const [table, list] of readRegistry(join(root, 'registry.sqlite3'))) {
    if (table.startsWith('sqlite_')) continue;
    for (const row of list)
      rows.push(`${table} ${canonicalJson(Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id')))}`);
  }
  return rows.sort();
}

/** Not the root's own data: reruns, our records, and what other programs rewrite. */
const LEFT_OUT: ReadonlySet<string> = new Set(['rerun', '.weft', 'registry.sqlite3']);

async function filesOf(root: string, below: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(root, below), {withFileTypes: true})) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (below === '' && LEFT_OUT.has(entry.name)) continue;
    // A link to a directory is one thing, however much lies behind it.
    if (entry.isDirectory()) names.push(...(await filesOf(root, name)));
    else if (lstatSync(join(root, name)).isFile() || entry.isSymbolicLink()) names.push(name);
  }
  return names.sort();
}
