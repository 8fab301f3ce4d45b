import {statSync, type BigIntStats} from 'node:fs';
import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {directoryText, listTree} from './directory-tree.js';
import {codeOf, fileProblem, type FileProblem, type Reading} from './file-problem.js';
import {digestOf, readDigest, type Digest} from './fingerprint.js';
import {SMALL, hashFile, hashSmallFile, type Hashed} from './hash-file.js';
import {Slice} from './slice.js';

/** What is known of a file: its stamps as decimal text, its digest, and when it was read (milliseconds since the epoch). */
type Entry = readonly [size: string, mtimeNs: string, ctimeNs: string, inode: string, digest: Digest, readAt: number];

/**
 * A file that was touched so shortly before it was read may be written again without a new time stamp:
 * file systems count in steps of up to two seconds. Milliseconds.
 */
const DOUBT = 2000;

/** Files that are remembered; the ones not asked for the longest are dropped first. About 200 bytes each. */
const LIMIT = 200_000;

const HEADER = '{"weft":"stat-cache","version":1}';

/**
 * sha256 of files by content, without reading a file again that has not changed: of a file with the same path, size, mtime,
 * ctime and inode, and not touched in the two seconds before it was read, the digest is remembered.
 * Kept in memory, and by {@link save} in `stat-cache.jsonl`. Losing or breaking that file costs time only.
 */
export class StatCache {
  readonly #file: string | undefined;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #reading = new Map<string, Promise<Reading<Digest>>>();
  #changed = false;
  /** What was saved, while it is not in memory yet. */
  #saved: 'unread' | Promise<void> | undefined;

  /**
   * @param directory where the cache is saved; absent: in memory only
   * @param now the clock, milliseconds since the epoch
   */
  constructor(directory?: string, now: () => number = Date.now) {
    this.#file = directory === undefined ? undefined : join(directory, 'stat-cache.jsonl');
    this.#now = now;
  }

  /** Makes a cache and loads what was saved in `directory`. A file that is missing or broken counts as empty. */
  static async open(directory: string): Promise<StatCache> {
    const cache = StatCache.openLater(directory);
    await cache.#readSaved();
    return cache;
  }

  /** The same, but what was saved is loaded when the first file is asked for. */
  static openLater(directory: string): StatCache {
    const cache = new StatCache(directory);
    cache.#saved = 'unread';
    return cache;
  }

  /** Files that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** The digest of a file's content. A symbolic link is followed; a directory is the error `EISDIR`. */
  async digestFile(path: string): Promise<Reading<Digest>> {
    if (this.#saved !== undefined) await this.#readSaved();
    return this.#atOnce(path) ?? this.#read(path);
  }

  /**
   * The digests of many files, in their order. The first file that cannot be read is the error.
   * Known and small files are done in slices of a few milliseconds, so the event loop is never held up.
   */
  async digestFiles(paths: readonly string[]): Promise<Reading<readonly Digest[]>> {
    if (this.#saved !== undefined) await this.#readSaved();
    const digests: Digest[] = [];
    const slice = new Slice();
    for (const path of paths) {
      if (slice.over) await slice.rest();
      const reading = this.#atOnce(path) ?? (await this.#read(path));
      if (!reading.ok) return reading;
      digests.push(reading.value);
    }
    return {ok: true, value: digests};
  }

  /**
   * The digest of a directory with all its files: of their sorted relative names and contents. Links are followed, empty
   * directories, times, and what programs leave in it (`__pycache__`, `.git`, `.weft`) do not count.
   */
  async digestDirectory(path: string): Promise<Reading<Digest>> {
    const tree = await listTree(path);
    if (!tree.ok) return tree;
    const {files, links} = tree.value;
    const digests = await this.digestFiles(files.map(name => join(path, name)));
    if (!digests.ok) return digests;
    const contents = files.map((name, at) => [name, digests.value[at] ?? ''] as const);
    return {ok: true, value: digestOf(directoryText([...contents, ...links]))};
  }

  /** The digest of a file or of a directory, whichever it is. */
  async digest(path: string): Promise<Reading<Digest>> {
    const reading = await this.digestFile(path);
    return !reading.ok && reading.error.code === 'EISDIR' ? this.digestDirectory(path) : reading;
  }

  /**
   * Saves the cache, in one step, together with what others have saved meanwhile.
   * Does nothing without a directory, or if nothing is new.
   */
  async save(): Promise<Reading<undefined>> {
    const file = this.#file;
    if (file === undefined || !this.#changed) return {ok: true, value: undefined};
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      this.#changed = false;
      const all = new Map([...(await this.#load()), ...this.#entries]);
      const lines = [...all].slice(-LIMIT).map(([path, entry]) => JSON.stringify([path, ...entry]));
      await mkdir(join(file, '..'), {recursive: true});
      await writeFile(temporary, [HEADER, ...lines, ''].join('\n'));
      await rename(temporary, file);
      return {ok: true, value: undefined};
    } catch (error) {
      this.#changed = true;
      await rm(temporary, {force: true}).catch(() => undefined);
      const code = codeOf(error);
      return {ok: false, error: {path: file, code, message: `${file} could not be written (${code})`}};
    }
  }

  /** What can be told without waiting: of a known file, of a small one, or that it can't be read. */
  #atOnce(path: string): Reading<Digest> | undefined {
    let stats: BigIntStats;
    try {
      stats = statSync(path, {bigint: true});
    } catch (error) {
      return {ok: false, error: fileProblem(path, error)};
    }
    const problem = unfit(path, stats);
    if (problem !== undefined) return {ok: false, error: problem};
    const known = this.#entries.get(path);
    if (known !== undefined && isSame(known, stats) && isSure(known)) {
      this.#entries.delete(path);
      this.#entries.set(path, known);
      return {ok: true, value: known[4]};
    }
    if (stats.size > SMALL) return undefined;
    const startedAt = this.#now();
    const hashed = hashSmallFile(path);
    if (!hashed.ok) return hashed;
    return hashed.value && {ok: true, value: this.#keep(path, hashed.value, startedAt)};
  }

  /** Reads a large file; two who ask for it at once share the reading. */
  #read(path: string): Promise<Reading<Digest>> {
    const running = this.#reading.get(path);
    if (running !== undefined) return running;
    const startedAt = this.#now();
    const reading = hashFile(path)
      .then((hashed): Reading<Digest> => {
        return hashed.ok ? {ok: true, value: this.#keep(path, hashed.value, startedAt)} : hashed;
      })
      .finally(() => this.#reading.delete(path));
    this.#reading.set(path, reading);
    return reading;
  }

  #keep(path: string, {digest, stats}: Hashed, readAt: number): Digest {
    const {size, mtimeNs, ctimeNs, ino} = stats;
    this.#entries.delete(path);
    this.#entries.set(path, [`${size}`, `${mtimeNs}`, `${ctimeNs}`, `${ino}`, digest, readAt]);
    if (this.#entries.size > LIMIT) this.#entries.delete(this.#entries.keys().next().value ?? path);
    this.#changed = true;
    return digest;
  }

  /** What has been hashed since is newer, and stays. */
  #readSaved(): Promise<void> {
    if (this.#saved === 'unread') {
      this.#saved = this.#load().then(saved => {
        for (const [path, entry] of saved) if (!this.#entries.has(path)) this.#entries.set(path, entry);
        this.#saved = undefined;
      });
    }
    return this.#saved ?? Promise.resolve();
  }

  async #load(): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>();
    if (this.#file === undefined) return entries;
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    const slice = new Slice();
    const lines = text.split('\n');
    if (lines[0] !== HEADER) return entries;
    for (const line of lines.slice(1)) {
      if (slice.over) await slice.rest();
      const read = readLine(line);
      if (read !== undefined) entries.set(...read);
    }
    return entries;
  }
}

/** Only a regular file has a content; reading a pipe would wait for ever. */
function unfit(path: string, stats: BigIntStats): FileProblem | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return {path, code: 'EISDIR', message: `${path} is a directory`};
  return {path, code: 'EINVAL', message: `${path} is no regular file`};
}

function isSame([size, mtimeNs, ctimeNs, inode]: Entry, stats: BigIntStats): boolean {
  return (
    `${stats.size}` === size &&
    `${stats.mtimeNs}` === mtimeNs &&
    `${stats.ctimeNs}` === ctimeNs &&
    `${stats.ino}` === inode
  );
}

function isSure([, mtimeNs, ctimeNs, , , readAt]: Entry): boolean {
  return readAt - Math.max(Number(mtimeNs), Number(ctimeNs)) / 1e6 > DOUBT;
}

function readLine(line: string): [string, Entry] | undefined {
  if (line === '') return undefined;
  try {
    const fields: unknown = JSON.parse(line);
    if (!Array.isArray(fields) || fields.length !== 7) return undefined;
    const [path, size, mtimeNs, ctimeNs, inode, text, readAt] = fields as unknown[];
    const numbers = [size, mtimeNs, ctimeNs, inode].filter(field => typeof field === 'string' && /^\d+$/.test(field));
    const digest = typeof text === 'string' ? readDigest(text) : undefined;
    if (typeof path !== 'string' || numbers.length !== 4 || digest === undefined || typeof readAt !== 'number') {
      return undefined;
    }
    return [path, [...(numbers as [string, string, string, string]), digest, readAt]];
  } catch {
    return undefined;
  }
}
