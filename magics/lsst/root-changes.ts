import {randomUUID} from 'node:crypto';
import {
  type Dirent,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {codeOf} from '../../kernel/fingerprint/file-problem.js';
import {canonicalJson} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {readRegistry} from './registry-file.js';

/** The file of a result that lists what was made in the root. */
export const CHANGES = 'changes.json';

/** The file of an attempt that says what was in the root before it. */
const BEFORE = '.weft.before';

/** What a root holds: rows of its registry, by table, and files, as lines. */
interface Contents {
  readonly rows: readonly string[];
  readonly files: readonly string[];
}

/** What a root held before a task ran in it. */
interface Before extends Contents {
  /** The inode of the attempt's directory, which is that of the result if the attempt is published. */
  readonly inode: string;
  /** What the result before this one lists; absent: there is none. */
  readonly listed?: Contents;
}

/**
 * What one task makes in a root: found by looking before it and after it. What its attempts made that came to no end counts, too, and
 * what the result before lists: a run that finds some of it in place makes only the rest.
 */
export class RootChanges {
  readonly #root: string;
  /** The directory of the result, beside which the list gets its name (LANGUAGE 8). */
  readonly #final: string;
  /** The look before an attempt that has come to no end as far as is known. */
  readonly #begun: string;
  #before: Before | undefined;

  constructor(root: string, final: string) {
    this.#root = root;
    this.#final = final;
    this.#begun = join(dirname(final), `.begun-${basename(final)}.json`);
  }

  /** Looks at the root. @param directory of the attempt, where the look is kept */
  async begin(directory: string): Promise<void> {
    const now = await contentsOf(this.#root);
    const unended = this.#unended();
    const listed = readContents(join(this.#final, CHANGES)) ?? unended?.listed;
    this.#before = {
      inode: inodeOf(directory) ?? '',
      // What an attempt without an end has made is no state from before.
      ...(unended === undefined
        ? now
        : {rows: common(now.rows, unended.rows), files: common(now.files, unended.files)}),
      ...(listed === undefined ? {} : {listed}),
    };
    const text = JSON.stringify(this.#before);
    writeFileSync(join(directory, BEFORE), text);
    const fresh = join(dirname(this.#final), `.record-${randomUUID()}`);
    try {
      writeFileSync(fresh, text);
      renameSync(fresh, this.#begun);
    } catch (error) {
      rmSync(fresh, {force: true});
      throw error;
    }
  }

  /** Looks again, and writes {@link CHANGES} into the attempt's directory. */
  async end(directory: string): Promise<void> {
    // The attempt may be of a kernel that is gone.
    const before = this.#before ?? readBefore(join(directory, BEFORE));
    const after = await contentsOf(this.#root);
    const changes = before === undefined ? (readContents(join(directory, CHANGES)) ?? after) : madeIn(before, after);
    writeFileSync(join(directory, CHANGES), `${JSON.stringify(changes, null, 1)}\n`);
    nameRecord(this.#final);
  }

  /** Why a result is none any more: it is true as long as all that it made is there. */
  recheck(manifest: Manifest): string | undefined {
    const changes = readContents(join(manifest.directory ?? '', CHANGES));
    if (changes === undefined) return `${CHANGES} can't be read`;
    const rows = new Set(rowsOf(this.#root));
    if (changes.rows.some(row => !rows.has(row))) return 'rows that it made are not in the registry any more';
    const lost = changes.files.find(file => !existsSync(join(this.#root, file)));
    if (lost !== undefined) return `${lost} is missing`;
    nameRecord(manifest.directory ?? '');
    if (existsSync(this.#begun) && this.#unended() === undefined) rmSync(this.#begun, {force: true});
    return undefined;
  }

  /** The look before an attempt that was not published; undefined where there is none. */
  #unended(): Before | undefined {
    const begun = readBefore(this.#begun);
    return begun === undefined || begun.inode === inodeOf(this.#final) ? undefined : begun;
  }
}

/** What a task has made. If all was in place, it is what was listed before, or else all that there is. */
function madeIn(before: Before, after: Contents): Contents {
  const {rows = [], files = []} = before.listed ?? {};
  const made: Contents = {
    rows: union(without(after.rows, before.rows), common(rows, after.rows)),
    files: union(without(after.files, before.files), common(files, after.files)),
  };
  return made.rows.length + made.files.length > 0 ? made : after;
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

/** A look at a root as it was kept; undefined if it is not there, or can't be read. */
function readBefore(path: string): Before | undefined {
  const read = readContents(path);
  return read !== undefined && isBefore(read) ? read : undefined;
}

function readContents(path: string): Contents | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isContents(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isContents(value: unknown): value is Contents {
  if (typeof value !== 'object' || value === null) return false;
  const {rows, files} = value as Readonly<Record<string, unknown>>;
  return [rows, files].every(list => Array.isArray(list) && list.every(each => typeof each === 'string'));
}

function isBefore(value: Contents): value is Before {
  const {inode, listed} = value as Readonly<Partial<Record<keyof Before, unknown>>>;
  return typeof inode === 'string' && (listed === undefined || isContents(listed));
}

function inodeOf(path: string): string | undefined {
  try {
    return String(statSync(path, {bigint: true}).ino);
  } catch {
    return undefined;
  }
}

const without = (all: readonly string[], some: readonly string[]): readonly string[] => {
  const known = new Set(some);
  return all.filter(each => !known.has(each));
};

const common = (all: readonly string[], some: readonly string[]): readonly string[] => {
  const known = new Set(some);
  return all.filter(each => known.has(each));
};

const union = (some: readonly string[], others: readonly string[]): readonly string[] =>
  [...new Set([...some, ...others])].sort();

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
  for (const entry of await entriesOf(join(root, below))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (below === '' && LEFT_OUT.has(entry.name)) continue;
    // A link to a directory is one thing, however much lies behind it.
    if (entry.isDirectory()) names.push(...(await filesOf(root, name)));
    else if (lstatSync(join(root, name)).isFile() || entry.isSymbolicLink()) names.push(name);
  }
  return names.sort();
}

/** What a directory holds. One that is not for this person's eyes, or that is gone by now, has nothing that a task of hers is asked for. */
async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, {withFileTypes: true});
  } catch (error) {
    if (['EACCES', 'EPERM', 'ENOENT'].includes(codeOf(error))) return [];
    throw error;
  }
}
