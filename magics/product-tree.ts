import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, lstatSync, readFileSync, readlinkSync, type Stats} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {canonicalJson, digestOf, type Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Result} from '../kernel/graph/result.js';
import {filesBelow} from './script-inputs.js';

/** A product that a person has set up from a directory of their own: `eups list -s` shows it as `LOCAL:PATH`. */
export interface LocalProduct {
  readonly name: string;
  readonly directory: string;
}

/** Directories of a product that can change what its programs do. */
const PARTS = ['bin', 'python', 'lib', 'config', 'policy', 'ups', 'include', 'src', 'bin.src', 'pipelines'];

/** Left by programs as they run, or data: packages of raw images are products too, and are not read. */
const LEFT_OUT =
  /(?:^|\/)(?:__pycache__|\.sconf_temp|\.git)\/|\.py[co]$|\.(?:fits|fits\.fz|fits\.gz|fz|sqlite3|pickle)$/;

/** Notebooks are saved as they run, and are no code of the product's programs. */
const NOTEBOOK = /\.ipynb$/;

/** What a build leaves in a work tree that git ignores, but programs load. */
const BUILT = /^(?:lib|bin)\/|^python\/.*\.(?:so|dylib)$/;

type Take = (path: string) => Promise<Result<Digest, string>>;

/**
 * The identity of what lies in a product, by relative names and contents; where it lies and how old its files are does not
 * count. Of a git work tree it is what a commit of it would hold, and built libraries; else the files of the parts that
 * programs are made of. Nothing of git's own is written.
 */
export async function productTree({name, directory}: LocalProduct, digest: Take): Promise<Digest> {
  const files =
    (existsSync(join(directory, '.git')) ? await workTree(directory) : undefined) ?? new Map<string, string>();
  const read = files.size > 0 ? await builtFiles(directory) : PARTS.flatMap(part => filesBelow(directory, part));
  for (const file of read) {
    if (LEFT_OUT.test(file) || files.has(file)) continue;
    const taken = await digest(join(directory, file));
    files.set(file, taken.ok ? taken.value : 'unreadable');
  }
  const rows = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf(`weft/product/1\n${canonicalJson([name, rows])}`);
}

/** Names and blob ids of what a commit of all that lies in a work tree would hold; undefined where git can't say. */
async function workTree(directory: string): Promise<Map<string, string> | undefined> {
  const [listed, changed, others] = await Promise.all([
    git(directory, 'ls-files', '-s', '-z'),
    git(directory, 'diff-files', '--name-only', '--ignore-submodules=all', '-z'),
    git(directory, 'ls-files', '-o', '--exclude-standard', '-z'),
  ]);
  if (listed === undefined || changed === undefined || others === undefined) return undefined;
  const files = new Map<string, string>();
  let digits = 40;
  for (const row of listed) {
    const [, id = '', name = ''] = /^\d+ (\w+) \d\t([^]*)$/.exec(row) ?? [];
    if (name === '' || NOTEBOOK.test(name)) continue;
    digits = id.length;
    files.set(name, id);
  }
  const isOwn = ownDirectories(directory);
  for (const name of [...changed, ...others.filter(isOwn)]) {
    // A file of data that was touched, or not fetched, is what git knows of it.
    if (LEFT_OUT.test(name) || NOTEBOOK.test(name)) continue;
    const id = blobOf(join(directory, name), digits === 64 ? 'sha256' : 'sha1');
    if (id === undefined) files.delete(name);
    else files.set(name, id);
  }
  return files;
}

/** Tells whether an untracked file is of the product: data repositories and stores that lie in the tree are not. */
function ownDirectories(directory: string): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return name => {
    const first = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
    let own = known.get(first);
    if (own === undefined) {
      own =
        first === '' ||
        (!first.startsWith('.') &&
          !['_mapper', 'repositoryCfg.yaml', 'butler.yaml'].some(sign => existsSync(join(directory, first, sign))));
      known.set(first, own);
    }
    return own;
  };
}

async function builtFiles(directory: string): Promise<readonly string[]> {
  const ignored = await git(
    directory,
    'ls-files',
    '-o',
    '-i',
    '--exclude-standard',
    '-z',
    '--',
    'lib',
    'bin',
    'python',
  );
  return (ignored ?? []).filter(name => BUILT.test(name));
}

const run = promisify(execFile);

async function git(directory: string, ...args: readonly string[]): Promise<readonly string[] | undefined> {
  try {
    const options = ['-C', directory, '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', ...args];
    const {stdout} = await run('git', options, {maxBuffer: 1 << 28, timeout: 60_000});
    return stdout.split('\0').filter(name => name !== '');
  } catch {
    return undefined;
  }
}

/** Ids of blobs by path, with the stamps that the file had; a tree that was copied is not read at each cell. */
const blobs = new Map<string, readonly [stamp: string, id: string]>();

/** git's name of a file's content (gitformat-pack, "blob"); undefined where there is no file. */
function blobOf(path: string, algorithm: 'sha1' | 'sha256'): string | undefined {
  const stats: Stats | undefined = lstatSync(path, {throwIfNoEntry: false});
  if (stats === undefined || !(stats.isFile() || stats.isSymbolicLink())) return undefined;
  const stamp = `${algorithm} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`;
  const before = blobs.get(path);
  if (before?.[0] === stamp) return before[1];
  try {
    const content = stats.isFile() ? readFileSync(path) : Buffer.from(readlinkSync(path));
    const id = createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest('hex');
    // What was written just now may be written again without a new stamp.
    if (Date.now() - stats.ctimeMs > 2000) blobs.set(path, [stamp, id]);
    return id;
  } catch {
    return 'unreadable';
  }
}
