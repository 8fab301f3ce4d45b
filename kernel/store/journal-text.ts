import {closeSync, openSync, readSync} from 'node:fs';

/** Bytes that are read ahead where lines are asked for in the order in which they stand. */
const AHEAD = 64 * 1024;

/** How far behind the last line the next one may begin, to be in that order. */
const NEAR = 4096;

/** How many journals one reader keeps open, at most. */
const OPEN = 256;

/** How many journals a reader has open. */
export interface OpenTexts {
  count: number;
}

/**
 * The lines of a journal by their places. The file is kept open, so that they are still there when it has been put together with others
 * and its name is gone.
 */
export class JournalText {
  /** What holds the last line that was asked for. */
  bytes: Buffer = Buffer.alloc(0);
  readonly descriptor: number;
  readonly #among: OpenTexts;
  /** How many lines are looked for here, as its owner counts them. */
  #uses = 0;
  #released = false;
  /** The place of the bytes in the file. */
  #from = 0;
  #to = 0;
  #next = 0;
  #closed = false;

  private constructor(descriptor: number, among: OpenTexts) {
    this.descriptor = descriptor;
    this.#among = among;
    among.count++;
  }

  /** Undefined where it cannot be opened, or too many of its reader's are. */
  static open(path: string, among: OpenTexts): JournalText | undefined {
    if (among.count >= OPEN) return undefined;
    try {
      return new JournalText(openSync(path, 'r'), among);
    } catch {
      return undefined;
    }
  }

  /**
   * Where in {@link bytes} the line begins that lies at a place of the file, until the next one is asked for; less than 0 where it cannot be
   * read any more. What lies there may have changed: the caller looks.
   */
  find(offset: number, length: number): number {
    if (offset < this.#from || offset + length > this.#to) {
      if (this.#closed) return -1;
      const follows = offset >= this.#next && offset < this.#next + NEAR;
      if (!this.#read(offset, follows ? Math.max(AHEAD, length) : length) || offset + length > this.#to) return -1;
    }
    this.#next = offset + length;
    return offset - this.#from;
  }

  /** The line as text; undefined where it cannot be read any more. */
  line(offset: number, length: number): string | undefined {
    const at = this.find(offset, length);
    return at < 0 ? undefined : this.bytes.toString('utf8', at, at + length);
  }

  /** A line more, or less, will be looked for here. */
  use(change: 1 | 0 | -1): void {
    this.#uses += change;
    if (this.#released && this.#uses <= 0) this.close();
  }

  /** Closes the file as soon as no line is looked for in it. */
  release(): void {
    this.#released = true;
    this.use(0);
  }

  /** The file was written over: nothing of what was read holds. */
  forget(): void {
    this.#from = this.#to = this.#next = 0;
  }

  /** Lets go of the file. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#among.count--;
    closeSync(this.descriptor);
  }

  #read(offset: number, length: number): boolean {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(length);
    this.#from = this.#to = offset;
    try {
      for (let count = -1; count !== 0 && this.#to - offset < length; this.#to += count)
        count = readSync(this.descriptor, this.bytes, this.#to - offset, length - (this.#to - offset), this.#to);
      return true;
    } catch {
      return false;
    }
  }
}
