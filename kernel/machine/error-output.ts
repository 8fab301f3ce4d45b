import {writeSync} from 'node:fs';
import {codeOf} from '../fingerprint/file-problem.js';

/** So many bytes wait for a reader that is slow. */
const MOST = 256 * 1024;

/** Milliseconds until a pipe that was full is tried again. */
const AGAIN = 20;

/**
 * The standard error of a process that goes on whoever reads it. A pipe that does not block gives EAGAIN where its reader is slow, and EPIPE
 * where he is gone: thrown out of a line of a log, either would end the kernel. Lines wait for a slow reader; what is too much is left
 * out, and said to be.
 */
export class ErrorOutput {
  readonly #write: (bytes: Buffer) => number;
  #waiting: Buffer[] = [];
  #size = 0;
  #lost = 0;
  #again: NodeJS.Timeout | undefined;

  /** @param write writes what it can, and gives the number of bytes; throws as write(2) fails */
  constructor(write: (bytes: Buffer) => number = bytes => writeSync(2, bytes)) {
    this.#write = write;
  }

  /** Writes a line as soon as somebody takes it. Never waits, never throws. */
  line(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    if (this.#size + bytes.length > MOST) this.#lost += 1;
    else this.#keep(bytes);
    this.flush();
  }

  /** Writes what can be written now. */
  flush(): void {
    clearTimeout(this.#again);
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      try {
        const written = this.#write(first);
        this.#size -= written;
        if (written < first.length) this.#waiting[0] = first.subarray(written);
        else this.#waiting.shift();
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') this.#again = setTimeout(() => this.flush(), AGAIN).unref();
        else this.#forget();
        return;
      }
      if (this.#waiting.length === 0 && this.#lost > 0) {
        const lost = this.#lost;
        this.#lost = 0;
        this.#keep(
          Buffer.from(
            `weft: ${lost} ${lost === 1 ? 'line was' : 'lines were'} left out here, as nobody read them in time\n`,
          ),
        );
      }
    }
  }

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  /** Nobody will read. */
  #forget(): void {
    this.#waiting = [];
    this.#size = 0;
    this.#lost = 0;
  }
}
