import {readdirSync, statSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {Slice, isRemote} from '../fingerprint/slice.js';
import type {Manifest, OutputFile} from '../graph/manifest.js';
import {OWN} from '../graph/own-files.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Evidence} from './evidence.js';
import {readOutput, readStamp, readStampSync, type OutputStamp} from './output-stamp.js';

/** How closely a recorded result is looked at: `%config verify`. */
export type Verify = 'size' | 'mtime' | 'content';

/** A result that is still true. */
export interface Hit {
  /** With the stamps as they are now. */
  readonly manifest: Manifest;
  /** Whether stamps differ from the recorded ones: the journal should be told. */
  readonly renewed: boolean;
}

/** Why a result is no hit. */
export interface Miss {
  /** For a person: `deepCoadd/….fits is missing`. */
  readonly message: string;
  /** The first file that is not as recorded, relative; absent if the whole directory is gone. */
  readonly path?: string;
  /** `absent`: something is not there, or not to be seen yet. `unreadable`: the disk does not say. Absent: it is another one. */
  readonly is?: 'absent' | 'unreadable';
}

/** Stats that are under way at once on a file system behind a network. */
const CONCURRENCY = 32;

/**
 * Is a recorded result still true: is every output there, as it was recorded? With `mtime`, a file of the same size and
 * another time is compared by content, and its stamp is renewed if that is equal; with `size`, times don't count; with
 * `content`, every byte is read, and a file that was added counts, which otherwise is not looked for: that takes longer than to look at
 * what was recorded. A value without files is always true.
 */
export async function checkResult(manifest: Manifest, how: Verify): Promise<Result<Hit, Miss>> {
  const {directory, outputs} = manifest;
  if (directory === undefined) return ok({manifest, renewed: false});
  if (outputs.length === 0 && !(await isThere(directory))) return fail(gone(directory));

  const checked: OutputFile[] = [];
  const slice = new Slice();
  const step = isRemote(directory) ? CONCURRENCY : 1;
  for (let at = 0; at < outputs.length; at += step) {
    if (slice.over) await slice.rest();
    const batch = outputs.slice(at, at + step);
    const stamps = await lookAt(directory, batch, step > 1);
    for (const [place, output] of batch.entries()) {
      const stamp = stamps[place];
      const result =
        stamp instanceof Error ? fail(unreadable(output.path, stamp)) : await compare(directory, output, stamp, how);
      if (result.ok) checked.push(result.value);
      else if (await isThere(directory)) return result;
      else return fail(gone(directory));
    }
  }
  const added = how === 'content' ? await addedTo(directory, outputs) : undefined;
  if (added !== undefined) return fail(added);
  const renewed = checked.some((output, at) => output !== outputs[at]);
  return ok({manifest: renewed ? {...manifest, outputs: checked} : manifest, renewed});
}

/** Whether all files of a result are as they were recorded, on a local disk. `false` means no more than that {@link checkResult} has to tell. */
export function isUnchanged({directory, outputs}: Evidence): boolean {
  if (directory === undefined) return true;
  if (outputs.length === 0 || isFar(directory)) return false;
  try {
    return outputs.every(({path, size, mtimeNs}) => {
      const stats = statSync(`${directory}/${path}`, {bigint: true, throwIfNoEntry: false});
      return stats?.isFile() === true && Number(stats.size) === size && stats.mtimeNs === mtimeNs;
    });
  } catch {
    return false;
  }
}

/** Whether results in a place like this lie behind a network: asked of the file system once for many that lie side by side. */
function isFar(directory: string): boolean {
  const place = directory.slice(0, directory.lastIndexOf('/', directory.lastIndexOf('/') - 1));
  if (place !== far.place) far = {place, is: isRemote(place)};
  return far.is;
}

let far = {place: '', is: false};

type Look = OutputStamp | undefined | Error;

async function lookAt(directory: string, outputs: readonly OutputFile[], remote: boolean): Promise<readonly Look[]> {
  const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
  if (remote) {
    return Promise.all(outputs.map(({path}) => readStamp(join(directory, path)).catch(asError)));
  }
  return outputs.map(({path}) => {
    try {
      return readStampSync(join(directory, path));
    } catch (error) {
      return asError(error);
    }
  });
}

/** What lies in a result besides what was recorded; undefined: nothing but Weft's own, and what NFS keeps of files that are still open. */
async function addedTo(directory: string, outputs: readonly OutputFile[]): Promise<Miss | undefined> {
  const recorded = new Set(outputs.map(({path}) => path));
  const slice = new Slice();
  const open = [''];
  for (let below = open.pop(); below !== undefined; below = open.pop()) {
    if (slice.over) await slice.rest();
    let entries;
    try {
      entries = readdirSync(join(directory, below), {withFileTypes: true});
    } catch (error) {
      return unreadable(below === '' ? '.' : below, error);
    }
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if ((below === '' && entry.name.startsWith(OWN)) || entry.name.startsWith('.nfs') || recorded.has(path)) continue;
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile() || entry.isSymbolicLink()) return {message: `${path} was added to it`, path};
    }
  }
  return undefined;
}

/** The output with the stamp that it has now, or why it is not what was recorded. */
async function compare(
  directory: string,
  output: OutputFile,
  stamp: OutputStamp | undefined,
  how: Verify,
): Promise<Result<OutputFile, Miss>> {
  const {path, size, mtimeNs, sha256} = output;
  if (stamp === undefined) return fail({message: `${path} is missing`, path, is: 'absent'});
  if (stamp.size !== size) return fail({message: `${path} has another size: ${size} → ${stamp.size} bytes`, path});
  if (how === 'size') return ok(output);
  if (how === 'mtime' && stamp.mtimeNs === mtimeNs) return ok(output);
  try {
    const now = await readOutput(join(directory, path), path, false);
    if (now === undefined) return fail({message: `${path} is missing`, path});
    if (now.sha256 !== sha256) return fail({message: `${path} has other content`, path});
    return ok(now.mtimeNs === mtimeNs ? output : now);
  } catch (error) {
    return fail(unreadable(path, error));
  }
}

const unreadable = (path: string, error: unknown): Miss => ({
  message: `${path} could not be read (${codeOf(error)})`,
  path,
  is: 'unreadable',
});

const gone = (directory: string): Miss => ({message: `its directory ${directory} is missing`, is: 'absent'});

async function isThere(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch {
    return false;
  }
}
