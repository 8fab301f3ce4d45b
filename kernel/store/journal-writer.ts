import {open, stat} from 'node:fs/promises';
import {dirname} from 'node:path';
import {makeDirectory} from '../fingerprint/make-directory.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

/** Milliseconds after which a line is on the disk: less than the 50 that are promised, as syncing takes time too. */
const DELAY = 25;

/** Milliseconds after which what could not be written is tried again, if no line comes before. */
const RETRY = 1000;

/** How a journal reaches its file. Injected, so that tests can fill the disk. */
export interface JournalFile {
  write(buffer: Uint8Array): Promise<{readonly bytesWritten: number}>;
  datasync(): Promise<void>;
  close(): Promise<void>;
  /** Whether its name still leads to it. */
  isThere?(): Promise<boolean>;
}

/**
 * Appends lines to one file that nobody else writes. Lines are written at once, in the order of {@link append}, which never
 * waits; they are brought to the disk in batches within 50 ms. The file is made with the first line.
 * On a full disk lines wait in memory and are tried again with the next ones, and each second; a line is never torn by that.
 */
export class JournalWriter {
  readonly path: string;
  readonly #open: () => Promise<JournalFile>;
  readonly #onProblem: (problem: StoreProblem) => void;
  #file: JournalFile | undefined;
  #lines: string[] = [];
  /** The line that others need to understand those behind it. */
  #first: string | undefined;
  /** What is being written, from the first byte that is not in the file. */
  #rest: Uint8Array | undefined;
  #unsynced = false;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #running: Promise<Result<undefined, StoreProblem>> | undefined;

  /** @param onProblem is told of what goes wrong when nobody waits for {@link flush} */
  constructor(path: string, onProblem: (problem: StoreProblem) => void, openFile?: () => Promise<JournalFile>) {
    this.path = path;
    this.#onProblem = onProblem;
    this.#open = openFile ?? (() => openJournal(path));
  }

  /** Adds a line, without its end. */
  append(line: string): void {
    this.#first ??= line;
    this.#lines.push(line);
    if (this.#running === undefined) void this.#start(false);
    this.#timer ??= setTimeout(() => void this.#start(true), DELAY);
  }

  /** Waits until all lines so far are on the disk. */
  async flush(): Promise<Result<undefined, StoreProblem>> {
    // What runs now may have begun before the last line came.
    await this.#running;
    return this.#start(true);
  }

  /** Flushes, then closes the file. */
  async close(): Promise<Result<undefined, StoreProblem>> {
    const flushed = await this.flush();
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.#timer = undefined;
    await this.#file?.close();
    this.#file = undefined;
    return flushed;
  }

  /** Writes what there is, one at a time. */
  #start(sync: boolean): Promise<Result<undefined, StoreProblem>> {
    const before = this.#running ?? Promise.resolve();
    const running = before
      .then(() => this.#write(sync))
      .then(result => {
        if (!result.ok) this.#onProblem(result.error);
        return result;
      })
      .finally(() => {
        if (this.#running !== running) return;
        this.#running = undefined;
        // Those that came meanwhile; where nothing can be written, they are tried again later.
        if (this.#lines.length > 0 && this.#retry === undefined) void this.#start(false);
      });
    this.#running = running;
    return running;
  }

  /**
   * The file, or a new one where the journal was removed: who had not written for days may have been taken for dead, and what
   * it had written is in another journal then.
   */
  async #current(): Promise<JournalFile> {
    if (this.#file !== undefined && this.#rest === undefined && (await this.#file.isThere?.()) === false) {
      await this.#file.close();
      this.#file = undefined;
      if (this.#first !== undefined && this.#lines[0] !== this.#first) this.#lines.unshift(this.#first);
    }
    return (this.#file ??= await this.#open());
  }

  async #write(sync: boolean): Promise<Result<undefined, StoreProblem>> {
    try {
      // What comes from now on is synced the next time: a stream of lines must not keep those before it from the disk.
      if (sync) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
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
      if (sync) {
        if (this.#unsynced) {
          await this.#file?.datasync();
          this.#unsynced = false;
        }
      }
      return ok(undefined);
    } catch (error) {
      clearTimeout(this.#timer);
      clearTimeout(this.#retry);
      this.#timer = undefined;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        void this.#start(true);
      }, RETRY).unref();
      return fail(writeProblem(this.path, error));
    }
  }
}

async function openJournal(path: string): Promise<JournalFile> {
  await makeDirectory(dirname(path));
  const file = await open(path, 'ax');
  const {ino} = await file.stat({bigint: true});
  return {
    write: buffer => file.write(buffer),
    datasync: () => file.datasync(),
    close: () => file.close(),
    isThere: async () => (await stat(path, {bigint: true}).catch(() => undefined))?.ino === ino,
  };
}
