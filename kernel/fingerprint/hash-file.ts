import {createHash} from 'node:crypto';
import {closeSync, fstatSync, openSync, readSync, type BigIntStats} from 'node:fs';
import {open} from 'node:fs/promises';
import {fileProblem, type FileProblem, type Reading} from './file-problem.js';
import type {Digest} from './fingerprint.js';

/** A file's content, and the stamps that it had before and after it was read: they are equal. */
export interface Hashed {
  readonly digest: Digest;
  readonly stats: BigIntStats;
}

/** Bytes up to which reading a file at once is cheaper than the thread pool. */
export const SMALL = 64 * 1024;

/** Bytes of one read of a large file: about half a millisecond of hashing. */
const CHUNK = 1024 * 1024;

const TRIES = 3;

/** Whether two stats of one path show the same, unwritten file. */
export function sameStamps(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

const changing = (path: string): FileProblem => ({path, code: 'CHANGING', message: `${path} is being written`});
const special = (path: string): FileProblem => ({path, code: 'EINVAL', message: `${path} is no regular file`});

/** sha256 of a file of at most {@link SMALL} bytes, at once. Undefined if it is larger, or is being written. */
export function hashSmallFile(path: string): Reading<Hashed | undefined> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const stats = fstatSync(descriptor, {bigint: true});
    if (!stats.isFile()) return {ok: false, error: special(path)};
    if (stats.size > SMALL) return {ok: true, value: undefined};
    const buffer = Buffer.allocUnsafe(Number(stats.size) + 1);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
      if (length === buffer.length) return {ok: true, value: undefined};
    }
    if (!sameStamps(stats, fstatSync(descriptor, {bigint: true}))) return {ok: true, value: undefined};
    const digest = createHash('sha256').update(buffer.subarray(0, length)).digest('hex') as Digest;
    return {ok: true, value: {digest, stats}};
  } catch (error) {
    return {ok: false, error: fileProblem(path, error)};
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * sha256 of a file of any size, read in chunks off the event loop. A symbolic link is followed.
 * A file that is written meanwhile is read again, at last it is the error `CHANGING`.
 * @param sync also brings the content to the disk, so that it outlives the machine's crash
 */
export async function hashFile(path: string, sync = false): Promise<Reading<Hashed>> {
  try {
    const file = await open(path, 'r');
    try {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const stats = await file.stat({bigint: true});
        if (!stats.isFile()) return {ok: false, error: special(path)};
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Number(stats.size) + 1));
        const hash = createHash('sha256');
        let position = 0;
        for (;;) {
          const {bytesRead} = await file.read(buffer, 0, buffer.length, position);
          if (bytesRead === 0) break;
          hash.update(buffer.subarray(0, bytesRead));
          position += bytesRead;
        }
        if (sync) await file.datasync();
        if (sameStamps(stats, await file.stat({bigint: true}))) {
          return {ok: true, value: {digest: hash.digest('hex') as Digest, stats}};
        }
      }
      return {ok: false, error: changing(path)};
    } finally {
      await file.close();
    }
  } catch (error) {
    return {ok: false, error: fileProblem(path, error)};
  }
}
