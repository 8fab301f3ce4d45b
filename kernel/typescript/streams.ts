import {writeSync} from 'node:fs';
import {Writable} from 'node:stream';

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it before it returns, also where somebody has made the pipe non-blocking. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/**
 * A stream that writes at once. Node's own makes the pipe non-blocking, for children too, and keeps what does not fit: output of
 * children then comes out of order, and a process that ends loses some. `owner` names the cell that the text is of, where it is
 * not that of the pipe: the one that executes.
 */
export function directStream(fd: 1 | 2, owner: () => string | undefined): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, encoding, done) {
      writeOf(fd, owner(), typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      done();
    },
  });
  return Object.assign(stream, {fd, _type: 'pipe'});
}

/** Writes text of a cell; undefined: of the one that executes. A small text and its marks go out in one piece. */
export function writeOf(fd: 1 | 2, cell: string | undefined, bytes: Uint8Array): void {
  if (cell === undefined) writeAll(fd, bytes);
  else writeAll(fd, Buffer.concat([ownerMark(cell), bytes, ownerEnd]));
}

/** Stands in both streams before each message that must not overtake their text. */
export const orderMark = '\0weft\0';

/** Stands before text of a cell that does not execute. */
const ownerMark = (cell: string): Buffer => Buffer.from(`\0weft>${Buffer.from(cell).toString('base64url')}\0`);

/** Stands behind it. */
const ownerEnd = Buffer.from('\0weft<\0');

const marks = /\0weft(?:>([\w-]*)|<)?\0/g;

/** The beginning of what may become a mark; no id of a cell is longer. */
const openMark = /\0(?:w(?:e(?:f(?:t(?:>[\w-]{0,1000}|<)?)?)?)?)?$/;

/** A piece of a stream: text, of the cell that executes unless it names another, or a mark of order. */
export type Piece = {readonly text: string; readonly cell?: string} | 'mark';

/** Takes the marks out of a stream of text, wherever its pieces are cut. */
export class MarkReader {
  #rest = '';
  #cell: string | undefined;

  /** What is sure of a stretch of the stream. */
  read(stretch: string): Piece[] {
    const pieces: Piece[] = [];
    const text = this.#rest + stretch;
    let from = 0;
    for (const mark of text.matchAll(marks)) {
      this.#add(pieces, text.slice(from, mark.index));
      from = mark.index + mark[0].length;
      if (mark[0] === orderMark) pieces.push('mark');
      else this.#cell = mark[1] === undefined ? undefined : Buffer.from(mark[1], 'base64url').toString();
    }
    const zero = text.lastIndexOf('\0');
    const end = zero >= from && openMark.test(text.slice(zero)) ? zero : text.length;
    this.#add(pieces, text.slice(from, end));
    this.#rest = text.slice(end);
    return pieces;
  }

  /** What is left when the stream has ended. */
  rest(): Piece[] {
    const pieces: Piece[] = [];
    this.#add(pieces, this.#rest);
    this.#rest = '';
    return pieces;
  }

  #add(pieces: Piece[], text: string): void {
    if (text === '') return;
    pieces.push(this.#cell === undefined ? {text} : {text, cell: this.#cell});
  }
}

/** Text of a stream, and whose it is. */
export type OwnedText = Exclude<Piece, 'mark'>;

/** What has come of a stream: text, and marks between. */
export class MarkedText {
  #pieces: Piece[] = [];
  #missed = 0;

  /** Appends what {@link MarkReader.read} gave. */
  add(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (piece === 'mark' && this.#missed > 0) this.#missed--;
      else this.#pieces.push(piece);
    }
  }

  /** Takes the text up to the next mark. */
  text(): OwnedText[] {
    const mark = this.#pieces.indexOf('mark');
    return this.#pieces.splice(0, mark < 0 ? this.#pieces.length : mark).filter(piece => piece !== 'mark');
  }

  /** Takes all text, marks or not. */
  all(): OwnedText[] {
    return this.#pieces.splice(0).filter(piece => piece !== 'mark');
  }

  /** A mark is next. */
  get atMark(): boolean {
    return this.#pieces[0] === 'mark';
  }

  /** Goes over the next mark; one that is not there will be skipped when it comes. */
  pass(): void {
    if (this.atMark) this.#pieces.shift();
    else this.#missed++;
  }
}
