import {readdir, readlink, realpath, stat} from 'node:fs/promises';
import {basename, dirname, isAbsolute, join, resolve} from 'node:path';
import {isSystem} from './host-places.js';

/** What a directory holds: of each name that it is a file or a directory, or the text of a link. */
type Listing = ReadonlyMap<string, 'file' | 'directory' | {readonly text: string}>;

interface Remembered {
  readonly stamp: string;
  readonly listing: Listing;
}

/** Listings by directory, for the life of the process: a root has thousands of links, and each task asks for them. */
const remembered = new Map<string, Remembered>();

/** A file system's clock may be this coarse, in milliseconds: what changed just now may change again without a new stamp. */
const COARSE = 2000;

/** Links that are read at once. */
const CONCURRENCY = 32;

/** Directories that are walked for one task: who links a whole disk gets no more than this. */
const MOST_DIRECTORIES = 50_000;

/** Never a place of data that a task reads through a link. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.weft']);

const walks = new Map<string, Promise<readonly string[]>>();

/**
 * Where the symbolic links lead that lie in a directory, those that lie where these lead, and so on: files and directories, absolute.
 * A link that leads nowhere is left out. Directories are read again only when they have changed.
 * @param leaveOut entries of the directory itself that are not looked into
 */
export function linkTargets(directory: string, leaveOut: readonly string[] = []): Promise<readonly string[]> {
  const key = [directory, ...leaveOut].join('\0');
  // Tasks that start at one moment share a walk.
  let walk = walks.get(key);
  if (walk === undefined) {
    walk = walkDirectory(directory, new Set(leaveOut)).finally(() => walks.delete(key));
    walks.set(key, walk);
  }
  return walk;
}

/** Where files lead that are links themselves. */
export async function fileTargets(files: readonly string[]): Promise<readonly string[]> {
  const walk = new Walk();
  for (const file of files) await walk.target(file);
  return walk.places();
}

async function walkDirectory(directory: string, leaveOut: ReadonlySet<string>): Promise<readonly string[]> {
  const walk = new Walk();
  await walk.directory(directory, leaveOut);
  return walk.places();
}

class Walk {
  readonly #places = new Set<string>();
  readonly #walked = new Set<string>();
  readonly #targets = new Set<string>();
  /** One look at each directory, however many links lead there. */
  readonly #lists = new Map<string, Promise<Listing | undefined>>();

  places(): readonly string[] {
    return [...this.#places].sort();
  }

  async directory(path: string, leaveOut: ReadonlySet<string> = LEFT_OUT): Promise<void> {
    if (this.#walked.has(path) || this.#walked.size >= MOST_DIRECTORIES) return;
    this.#walked.add(path);
    const listing = await this.#list(path);
    let real: string | undefined;
    for (const [name, entry] of listing ?? []) {
      if (leaveOut.has(name) || LEFT_OUT.has(name)) continue;
      if (entry === 'directory') await this.directory(join(path, name));
      else if (entry !== 'file') {
        if (!isAbsolute(entry.text)) real ??= await realpath(path).catch(() => path);
        await this.#link(path, real ?? path, entry.text);
      }
    }
  }

  /** Follows a path whose last part may be a link. */
  async target(path: string): Promise<void> {
    if (this.#targets.has(path)) return;
    this.#targets.add(path);
    const parent = dirname(path);
    const entry = (await this.#list(parent))?.get(basename(path));
    if (entry === undefined) return;
    this.#places.add(path);
    if (entry === 'file') return;
    if (entry !== 'directory') await this.#link(parent, await realpath(parent).catch(() => parent), entry.text);
    else if (!isSystem(path)) await this.directory(path);
  }

  #list(path: string): Promise<Listing | undefined> {
    let listing = this.#lists.get(path);
    if (listing === undefined) this.#lists.set(path, (listing = list(path)));
    return listing;
  }

  async #link(directory: string, real: string, text: string): Promise<void> {
    // A container may show the directory at its own name, or where it is.
    await this.target(resolve(directory, text));
    if (real !== directory) await this.target(resolve(real, text));
  }
}

async function list(directory: string): Promise<Listing | undefined> {
  try {
    const {mtimeNs, ctimeNs, ino, mtimeMs} = await stat(directory, {bigint: true});
    const stamp = `${mtimeNs} ${ctimeNs} ${ino}`;
    const before = remembered.get(directory);
    if (before?.stamp === stamp) return before.listing;
    const listing = await read(directory);
    if (Date.now() - Number(mtimeMs) > COARSE) remembered.set(directory, {stamp, listing});
    return listing;
  } catch {
    return undefined;
  }
}

async function read(directory: string): Promise<Listing> {
  const listing = new Map<string, 'file' | 'directory' | {readonly text: string}>();
  const links: string[] = [];
  for (const entry of await readdir(directory, {withFileTypes: true})) {
    if (entry.isSymbolicLink()) links.push(entry.name);
    else listing.set(entry.name, entry.isDirectory() ? 'directory' : 'file');
  }
  for (let at = 0; at < links.length; at += CONCURRENCY) {
    await Promise.all(
      links.slice(at, at + CONCURRENCY).map(async name => {
        const text = await readlink(join(directory, name)).catch(() => undefined);
        if (text !== undefined) listing.set(name, {text});
      }),
    );
  }
  return listing;
}
