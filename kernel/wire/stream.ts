/** Name of a stream of text. */
export type StreamName = 'stdout' | 'stderr';

/** Text waits at most this long for more, in milliseconds. */
export const FLUSH_MS = 50;

/** Text that has come to this many UTF-16 units does not wait. */
export const FLUSH_SIZE = 65_536;

/**
 * Gathers the text that a cell prints, so that 20 000 lines are a few messages. What is written to stdout and stderr keeps its
 * order: a change of the name sends what waits.
 */
export class StreamBuffer {
  readonly #emit: (name: StreamName, text: string) => void;
  readonly #waiting: Set<StreamBuffer>;
  #name: StreamName = 'stdout';
  #parts: string[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `waiting` holds the buffer while it has text to send, for who must send all of it at once. */
  constructor(emit: (name: StreamName, text: string) => void, waiting = new Set<StreamBuffer>()) {
    this.#emit = emit;
    this.#waiting = waiting;
  }

  /** Adds text; empty text is nothing. */
  write(name: StreamName, text: string): void {
    if (text === '') return;
    if (name !== this.#name) this.flush();
    this.#name = name;
    this.#parts.push(text);
    this.#size += text.length;
    this.#waiting.add(this);
    if (this.#size >= FLUSH_SIZE) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Sends what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.delete(this);
    if (this.#size === 0) return;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#size = 0;
    this.#emit(this.#name, text);
  }
}
