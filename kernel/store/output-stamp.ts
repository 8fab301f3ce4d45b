import {lstatSync, readlinkSync, statSync, type BigIntStats} from 'node:fs';
import {lstat, readlink, stat} from 'node:fs/promises';
import {codeOf} from '../fingerprint/file-problem.js';
import {digestOf, type Digest} from '../fingerprint/fingerprint.js';
import {SMALL, hashFile, hashSmallFile} from '../fingerprint/hash-file.js';
import type {OutputFile} from '../graph/manifest.js';

/** What lies at the path of an output now. A link to a file is that file; any other link is where it points. */
export interface OutputStamp {
  readonly size: number;
  readonly mtimeNs: string;
  /** Of a link that leads to no file: digest of its text. */
  readonly link?: Digest;
}

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

const ofFile = (stats: BigIntStats): OutputStamp => ({size: Number(stats.size), mtimeNs: `${stats.mtimeNs}`});

function ofLink(stats: BigIntStats, target: string): OutputStamp {
  return {size: Buffer.byteLength(target), mtimeNs: `${stats.mtimeNs}`, link: digestOf(`link\n${target}`)};
}

const isGone = (error: unknown): boolean => GONE.has(codeOf(error));

/** Looks at once. Undefined if there is neither file nor link. Throws what `node:fs` throws for anything but absence. */
export function readStampSync(path: string): OutputStamp | undefined {
  try {
    const stats = statSync(path, {bigint: true});
    if (stats.isFile()) return ofFile(stats);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  try {
    const stats = lstatSync(path, {bigint: true});
    return stats.isSymbolicLink() ? ofLink(stats, readlinkSync(path)) : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The same by way of the thread pool, for file systems behind a network. */
export async function readStamp(path: string): Promise<OutputStamp | undefined> {
  try {
    const stats = await stat(path, {bigint: true});
    if (stats.isFile()) return ofFile(stats);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  try {
    const stats = await lstat(path, {bigint: true});
    return stats.isSymbolicLink() ? ofLink(stats, await readlink(path)) : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/**
 * Reads an output whole: its stamps and its sha256. Undefined if it is not there. Throws what `node:fs` throws.
 * @param sync also brings the content of a large file to the disk. A small one has one extent: a crash of the machine leaves
 *   it whole or empty, and the size tells.
 */
export async function readOutput(path: string, name: string, sync: boolean): Promise<OutputFile | undefined> {
  const stamp = readStampSync(path);
  if (stamp === undefined) return undefined;
  if (stamp.link !== undefined) return {path: name, size: stamp.size, mtimeNs: stamp.mtimeNs, sha256: stamp.link};
  const small = stamp.size <= SMALL ? hashSmallFile(path) : undefined;
  const hashed = small?.ok && small.value ? {ok: true as const, value: small.value} : await hashFile(path, sync);
  if (!hashed.ok) {
    if (GONE.has(hashed.error.code)) return undefined;
    throw Object.assign(new Error(hashed.error.message), {code: hashed.error.code});
  }
  const {digest, stats} = hashed.value;
  return {path: name, size: Number(stats.size), mtimeNs: `${stats.mtimeNs}`, sha256: digest};
}
