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
 * children then comes out of order, and a process that ends loses some.
 */
export function directStream(fd: 1 | 2): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, encoding, done) {
      writeAll(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      done();
    },
  });
  return Object.assign(stream, {fd, _type: 'pipe'});
}

/** Stands in both streams before each message that must not overtake their text. */
export const orderMark = '\0weft\0';

/** Takes the marks out of a stream of text, wherever its pieces are cut. */
export class MarkReader {
  #rest = '';

  /** Splits a piece at the marks: what is sure to be text, one more part than there are marks. */
  read(piece: string): string[] {
    const parts = (this.#rest + piece).split(orderMark);
    const last = parts.pop() ?? '';
    const zero = last.lastIndexOf('\0');
    const open = zero >= 0 && orderMark.startsWith(last.slice(zero));
    this.#rest = open ? last.slice(zero) : '';
    return [...parts, open ? last.slice(0, zero) : last];
  }

  /** What is left when the stream has ended. */
  rest(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest;
  }
}

/** What has come of a stream: text, and marks between. */
export class MarkedText {
  #parts: (string | undefined)[] = [];
  #missed = 0;

  /** Appends what {@link MarkReader.read} gave. */
  add(texts: readonly string[]): void {
    for (const [index, text] of texts.entries()) {
      if (index > 0 && this.#missed > 0) this.#missed--;
      else if (index > 0) this.#parts.push(undefined);
      if (text !== '') this.#parts.push(text);
    }
  }

  /** Takes the text up to the next mark. */
  text(): string[] {
    const mark = this.#parts.indexOf(undefined);
    return this.#parts.splice(0, mark < 0 ? this.#parts.length : mark).filter(part => part !== undefined);
  }

  /** Takes all text, marks or not. */
  all(): string[] {
    return this.#parts.splice(0).filter(part => part !== undefined);
  }

  /** A mark is next. */
  get atMark(): boolean {
    return this.#parts.length > 0 && this.#parts[0] === undefined;
  }

  /** Goes over the next mark; one that is not there will be skipped when it comes. */
  pass(): void {
    if (this.atMark) this.#parts.shift();
    else this.#missed++;
  }
}
