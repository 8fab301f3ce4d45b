import {closeSync, fstatSync, openSync, readSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {Slice} from '../fingerprint/slice.js';
import {behindTorn, readHeader} from './journal-header.js';
import type {JournalIndex} from './journal-index.js';
import {JournalText, type OpenTexts} from './journal-text.js';

/** How far a journal has been read. */
interface Position {
  /** Bytes, up to the end of a line. */
  offset: number;
  /** The file's size when it was last looked at. */
  size: number;
  inode: bigint;
  /** Whether the lines from here on are of a run whose form is known. */
  known: boolean;
  /** Where the index finds the lines again; undefined where too many journals are open: it keeps them itself. */
  readonly text: JournalText | undefined;
}

/** Bytes of one read, at most. */
const CHUNK = 256 * 1024;

/** Bytes of lines that are read between two looks at the clock. */
const UNTIMED = 8192;

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
  readonly #open: OpenTexts = {count: 0};
  readonly #positions = new Map<string, Position>();
  #running: Promise<unknown> = Promise.resolve();
  /** How many wait for what is read. */
  #waiting = 0;
  #stopped = false;

  /**
   * @param directory where the journals lie; it need not exist
   * @param skip the name of a journal that is not read: the writer's own
   */
  constructor(directory: string, index: JournalIndex, skip?: string) {
    this.#directory = directory;
    this.#index = index;
    this.#skip = skip;
  }

  /** Reads what is new, in slices that leave the event loop its turns. */
  async refresh(): Promise<void> {
    this.#waiting++;
    return this.#inTurn().finally(() => this.#waiting--);
  }

  /** The same for whom nothing waits: what else runs has most of the time, while nobody calls {@link refresh}. */
  async refreshGently(): Promise<void> {
    return this.#inTurn();
  }

  get #hurried(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when nothing is being read any more; nothing will be afterwards. Journals that the index needs stay open. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#release(new Set());
  }

  async #inTurn(): Promise<void> {
    const reading = this.#running.then(() => this.#refresh());
    this.#running = reading.catch(() => undefined);
    return reading;
  }

  async #refresh(): Promise<void> {
    const slice = this.#hurried ? new Slice() : new Slice(GENTLE.work);
    // Who puts journals together removes the old ones only once the new one is there: it is found by looking again.
    for (let vanished = true, tries = 0; vanished && tries < TRIES; tries++) {
      vanished = false;
      const names = this.#names();
      for (const name of names) {
        if (slice.over) await slice.rest(this.#hurried ? 0 : GENTLE.pause);
        if (this.#stopped) return;
        if (!(await this.#readFile(name, slice))) vanished = true;
      }
      this.#release(new Set(names));
    }
  }

  /** Lets go of journals that were put together, as far as no line is looked for in them. */
  #release(names: ReadonlySet<string>): void {
    for (const [name, {text}] of this.#positions) {
      if (names.has(name)) continue;
      text?.release();
      this.#positions.delete(name);
    }
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#directory).filter(name => name.endsWith('.jsonl') && name !== this.#skip);
    } catch {
      return [];
    }
  }

  /** False: it was removed since its name was read. */
  async #readFile(name: string, slice: Slice): Promise<boolean> {
    const path = join(this.#directory, name);
    const old = this.#positions.get(name);
    let descriptor: number;
    let closing: number | undefined;
    try {
      const before = statSync(path, {bigint: true});
      if (old !== undefined && before.ino === old.inode && Number(before.size) === old.size) return true;
      const same = old !== undefined && before.ino === old.inode ? old : undefined;
      const text = same === undefined ? JournalText.open(path, this.#open) : same.text;
      descriptor = text?.descriptor ?? (closing = openSync(path, 'r'));
      const {ino, size} = fstatSync(descriptor, {bigint: true});
      let position = same;
      if (position === undefined || ino !== position.inode || Number(size) < position.offset) {
        text?.forget();
        position = {offset: 0, size: 0, inode: ino, known: true, text};
        this.#positions.set(name, position);
        if (old !== undefined && old.text !== text) old.text?.release();
      }
      await this.#readLines(descriptor, position, Number(size), slice);
      position.size = Number(size);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        old?.text?.release();
        this.#positions.delete(name);
        return false;
      }
      // A journal that cannot be read hides its results: their tasks run again.
      this.#index.unreadable++;
    } finally {
      if (closing !== undefined) closeSync(closing);
    }
    return true;
  }

  async #readLines(descriptor: number, position: Position, size: number, slice: Slice): Promise<void> {
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
      let timed = 0;
      for (let from = 0; from < end;) {
        const to = buffer.indexOf(NEWLINE, from);
        this.#readLine(buffer, from, to, position);
        from = to + 1;
        if (from - timed < UNTIMED) continue;
        timed = from;
        if (slice.over) await slice.rest(this.#hurried ? 0 : GENTLE.pause);
      }
      position.offset += end;
      length = 0;
      if (this.#stopped) return;
    }
  }

  #readLine(bytes: Buffer, from: number, to: number, position: Position): void {
    if (from === to) return;
    const {text, known} = position;
    const place = text === undefined ? undefined : {text, offset: position.offset + from, length: to - from};
    if (known && this.#index.addResult(bytes, from, to, place)) return;
    const line = bytes.toString('utf8', from, to);
    const header = readHeader(line);
    if (header !== undefined) {
      position.known = header.known;
      return;
    }
    const whole = behindTorn(line);
    if (whole === undefined) {
      this.#index.add(line, known, place);
      return;
    }
    this.#index.unreadable++;
    const next = readHeader(whole);
    if (next === undefined) this.#index.add(whole, known);
    else position.known = next.known;
  }
}
