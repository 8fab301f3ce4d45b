import {closeSync, fstatSync, openSync, readSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {Slice} from '../fingerprint/slice.js';
import {readHeader, type JournalIndex} from './journal-index.js';

/** How far a journal has been read. */
interface Position {
  /** Bytes, up to the end of a line. */
  offset: number;
  /** The file's size when it was last looked at. */
  size: number;
  inode: bigint;
  /** Whether the lines from here on are of a run whose form is known. */
  known: boolean;
}

/** Bytes of one read, at most. */
const CHUNK = 1024 * 1024;

const NEWLINE = 10;

/** Who reads while nobody waits works for so long, then rests for so long, in milliseconds. */
const GENTLE = {work: 2, pause: 40};

/** How often the names are read again, at most, while journals are put together. */
const TRIES = 5;

/**
 * Reads the journals of a directory into an index, and later only what was appended to them. A last line without an end is
 * left alone until it is complete: it is still being written, or was torn when its writer died.
 */
export class JournalReader {
  readonly #directory: string;
  readonly #index: JournalIndex;
  readonly #skip: string | undefined;
  readonly #positions = new Map<string, Position>();
  #running: Promise<unknown> = Promise.resolve();
  #hurried = true;

  /**
   * @param directory where the journals lie; it need not exist
   * @param skip the name of a journal that is not read: the writer's own
   */
  constructor(directory: string, index: JournalIndex, skip?: string) {
    this.#directory = directory;
    this.#index = index;
    this.#skip = skip;
  }

  /** Reads what is new, in slices that leave the event loop its turns. Gives the tasks that the new lines speak of. */
  async refresh(): Promise<ReadonlySet<Fingerprint>> {
    this.#hurried = true;
    return this.#inTurn();
  }

  /** The same for whom nothing waits: what else runs has most of the time, until somebody calls {@link refresh}. */
  async refreshGently(): Promise<ReadonlySet<Fingerprint>> {
    this.#hurried = false;
    return this.#inTurn();
  }

  async #inTurn(): Promise<ReadonlySet<Fingerprint>> {
    const reading = this.#running.then(() => this.#refresh());
    this.#running = reading.catch(() => undefined);
    return reading;
  }

  async #refresh(): Promise<ReadonlySet<Fingerprint>> {
    const seen = new Set<Fingerprint>();
    const slice = this.#hurried ? new Slice() : new Slice(GENTLE.work);
    // Who puts journals together removes the old ones only once the new one is there: it is found by looking again.
    for (let vanished = true, tries = 0; vanished && tries < TRIES; tries++) {
      vanished = false;
      for (const name of this.#names()) {
        if (slice.over) await slice.rest(this.#hurried ? 0 : GENTLE.pause);
        if (!(await this.#readFile(name, seen, slice))) vanished = true;
      }
    }
    return seen;
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory).filter(name => name.endsWith('.jsonl') && name !== this.#skip);
    } catch {
      return [];
    }
  }

  /** False: it was removed since its name was read. */
  async #readFile(name: string, seen: Set<Fingerprint>, slice: Slice): Promise<boolean> {
    const path = join(this.#directory, name);
    const old = this.#positions.get(name);
    let descriptor: number | undefined;
    try {
      const before = statSync(path, {bigint: true});
      if (old !== undefined && before.ino === old.inode && Number(before.size) === old.size) return true;
      descriptor = openSync(path, 'r');
      const {ino, size} = fstatSync(descriptor, {bigint: true});
      const replaced = old === undefined || ino !== old.inode || Number(size) < old.offset;
      const position = replaced ? {offset: 0, size: 0, inode: ino, known: true} : old;
      this.#positions.set(name, position);
      await this.#readLines(descriptor, position, Number(size), seen, slice);
      position.size = Number(size);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        this.#positions.delete(name);
        return false;
      }
      // A journal that cannot be read hides its results: their tasks run again.
      this.#index.unreadable++;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
    return true;
  }

  async #readLines(
    descriptor: number,
    position: Position,
    size: number,
    seen: Set<Fingerprint>,
    slice: Slice,
  ): Promise<void> {
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(0, size - position.offset) + 1024));
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, position.offset + length);
      if (count === 0) return;
      length += count;
      const end = buffer.lastIndexOf(NEWLINE, length - 1) + 1;
      if (end === 0) {
        // A line longer than the buffer.
        if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
        continue;
      }
      const text = buffer.toString('utf8', 0, end);
      for (let from = 0; from < text.length;) {
        const to = text.indexOf('\n', from);
        this.#readLine(text.slice(from, to), position, seen);
        from = to + 1;
        if (slice.over) await slice.rest(this.#hurried ? 0 : GENTLE.pause);
      }
      position.offset += end;
      length = 0;
    }
  }

  #readLine(line: string, position: Position, seen: Set<Fingerprint>): void {
    if (line === '') return;
    const header = readHeader(line);
    if (header !== undefined) {
      position.known = header.known;
      return;
    }
    const fingerprint = this.#index.add(line, position.known);
    if (fingerprint !== undefined) seen.add(fingerprint);
  }
}
