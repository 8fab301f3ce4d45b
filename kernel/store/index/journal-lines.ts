import {open} from 'node:fs/promises';
import {readdirSync, readSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {Slice} from '../../fingerprint/slice.js';

/** A journal as a file: where it lies, and what tells it from another one of its name. */
export interface JournalFile {
  readonly name: string;
  readonly path: string;
  /** Decimal text. */
  readonly inode: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of one read, at most. */
const CHUNK = 1024 * 1024;

const NEWLINE = 10;

/** The journals of a store as they are now, in the order of their names: of runs, in the order in which they began. */
export function journalsOf(store: string): readonly JournalFile[] {
  const runs = join(store, 'runs');
  let names: readonly string[];
  try {
    names = readdirSync(runs).filter(name => name.endsWith('.jsonl') && !name.startsWith('.'));
  } catch {
    return [];
  }
  return [...names].sort().flatMap(name => {
    const path = join(runs, name);
    const stats = statSync(path, {bigint: true, throwIfNoEntry: false});
    return stats === undefined ? [] : [{name, path, inode: String(stats.ino), size: Number(stats.size)}];
  });
}

/**
 * Reads the whole lines of a journal, in slices that leave the event loop its turns. A last line without an end is left alone.
 * @param from a byte at which a line begins
 * @param take is given each line, and the byte at which it begins
 * @returns the byte behind the last line; `from` where the file has gone
 */
export async function readLines(path: string, from: number, take: (line: string, at: number) => void): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return from;
  const slice = new Slice();
  let buffer = Buffer.allocUnsafe(CHUNK);
  let offset = from;
  let length = 0;
  try {
    for (;;) {
      const count = readSync(file.fd, buffer, length, buffer.length - length, offset + length);
      if (count === 0) return offset;
      length += count;
      let begin = 0;
      for (let end; (end = buffer.subarray(0, length).indexOf(NEWLINE, begin)) >= 0; begin = end + 1) {
        if (end > begin) take(buffer.toString('utf8', begin, end), offset + begin);
        if (slice.over) await slice.rest();
      }
      // A line longer than the buffer.
      if (begin === 0 && length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      buffer.copyWithin(0, begin, length);
      offset += begin;
      length -= begin;
    }
  } finally {
    await file.close();
  }
}

/** The line that begins at a byte of a journal; undefined where there is none any more. */
export async function readLineAt(path: string, at: number): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    for (let length = 16 * 1024; ; length *= 8) {
      const buffer = Buffer.allocUnsafe(length);
      const {bytesRead} = await file.read(buffer, 0, length, at);
      const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
      if (end >= 0) return buffer.toString('utf8', 0, end);
      if (bytesRead < length) return undefined;
    }
  } finally {
    await file.close();
  }
}
