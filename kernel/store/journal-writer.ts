import {close, fdatasync, fstatSync, openSync, statSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {makeDirectorySync} from '../fingerprint/make-directory.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

/**
 * Milliseconds from one write to the next, in which lines are gathered: less than the 50 after which they are promised to be on the disk, as
 * syncing takes time too.
 */
export const GATHER = 5;

/** Milliseconds after which what could not be written is tried again, if no line comes before. */
const RETRY = 1000;

/** How a journal reaches its file. Injected, so that tests can fill the disk. */
export interface JournalFile {
  write(buffer: Uint8Array): Promise<{readonly bytesWritten: number}>;
  datasync(): Promise<void>;
  close(): Promise<void>;
  /** Whether its name still leads to it. */
  isThere?(): boolean;
}

/**
 * Appends lines to one file that nobody else writes, in the order of {@link append}, which never waits. What comes within a few milliseconds,
 * or while others are brought to the disk, is written and brought there together. The file is made with the first line.
 * On a full disk lines wait in memory and are tried again with the next ones, and each second; a line is never torn by that.
 */
export class JournalWriter {
  readonly path: string;
  readonly #open: () => JournalFile;
  readonly #onProblem: (problem: StoreProblem) => void;
  #file: JournalFile | undefined;
  #lines: string[] = [];
  /** The line that others need to understand those behind it. */
  #first: string | undefined;
  /** What is being written, from the first byte that is not in the file. */
  #rest: Uint8Array | undefined;
  #unsynced = false;
  /** When it was written last, by the monotonic clock. */
  #startedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #running: Promise<Result<undefined, StoreProblem>> | undefined;

  /** @param onProblem is told of what goes wrong when nobody waits for {@link flush} */
  constructor(path: string, onProblem: (problem: StoreProblem) => void, openFile?: () => JournalFile) {
    this.path = path;
    this.#onProblem = onProblem;
    this.#open = openFile ?? (() => openJournal(path));
  }

  /** Adds a line, without its end. */
  append(line: string): void {
    this.#first ??= line;
    this.#lines.push(line);
    if (this.#running === undefined) this.#wait();
  }

  /** Waits until all lines so far are on the disk, or could not be brought there. */
  async flush(): Promise<Result<undefined, StoreProblem>> {
    // What runs now may have begun before the last line came.
    await this.#running;
    return this.#start();
  }

  /** Flushes, then closes the file. */
  async close(): Promise<Result<undefined, StoreProblem>> {
    const flushed = await this.flush();
    clearTimeout(this.#retry);
    await this.#file?.close();
    this.#file = undefined;
    return flushed;
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#soon !== undefined) return;
    const left = this.#startedAt + GATHER - performance.now();
    // A timer of no time at all waits for the next turn, which may be long while a loop is planned; this is still of this one.
    if (left <= 0) this.#soon = setImmediate(() => void this.#start());
    else this.#timer = setTimeout(() => void this.#start(), left);
  }

  /** Writes what there is and brings it to the disk, one at a time. */
  #start(): Promise<Result<undefined, StoreProblem>> {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = this.#soon = undefined;
    this.#startedAt = performance.now();
    return (this.#running ??= this.#write().then(result => {
      this.#running = undefined;
      if (!result.ok) this.#onProblem(result.error);
      // Those that came meanwhile; where nothing can be written, they are tried again later.
      else if (this.#lines.length > 0) this.#wait();
      return result;
    }));
  }

  /**
   * The file, or a new one where the journal was removed: who had not written for days may have been taken for dead, and what
   * it had written is in another journal then.
   */
  async #current(): Promise<JournalFile> {
    if (this.#file !== undefined && this.#rest === undefined && this.#file.isThere?.() === false) {
      await this.#file.close();
      this.#file = undefined;
      if (this.#first !== undefined && this.#lines[0] !== this.#first) this.#lines.unshift(this.#first);
    }
    return (this.#file ??= this.#open());
  }

  async #write(): Promise<Result<undefined, StoreProblem>> {
    try {
      // What comes from now on goes the next time: a stream of lines must not keep those before it from the disk.
      for (let taken = false; this.#rest !== undefined || (!taken && this.#lines.length > 0);) {
        const file = await this.#current();
        if (this.#rest === undefined) {
          this.#rest = Buffer.from(`${this.#lines.join('\n')}\n`);
          this.#lines = [];
          taken = true;
        }
        const {bytesWritten} = await file.write(this.#rest);
        this.#rest = bytesWritten === this.#rest.length ? undefined : this.#rest.subarray(bytesWritten);
        this.#unsynced = true;
      }
      clearTimeout(this.#retry);
      this.#retry = undefined;
      if (this.#unsynced) {
        await this.#file?.datasync();
        this.#unsynced = false;
      }
      return ok(undefined);
    } catch (error) {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        void this.#start();
      }, RETRY).unref();
      return fail(writeProblem(this.path, error));
    }
  }
}

/** All but syncing is done in this turn: the next one may be long in coming while tasks end. */
function openJournal(path: string): JournalFile {
  makeDirectorySync(dirname(path));
  const descriptor = openSync(path, 'ax');
  const {ino} = fstatSync(descriptor, {bigint: true});
  const done = (call: (descriptor: number, told: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => call(descriptor, error => (error === null ? resolve() : reject(error))));
  return {
    write: buffer => Promise.resolve({bytesWritten: writeSync(descriptor, buffer)}),
    datasync: () => done((one, told) => fdatasync(one, told)),
    close: () => done((one, told) => close(one, told)),
    isThere: () => hasInode(path, ino),
  };
}

/** By a look that does not leave this turn: it is asked before each write. */
function hasInode(path: string, inode: bigint): boolean {
  try {
    return statSync(path, {bigint: true}).ino === inode;
  } catch {
    return false;
  }
}
