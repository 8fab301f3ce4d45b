import {StringDecoder} from 'node:string_decoder';
import type {Readable} from 'node:stream';
import {MarkedText, MarkReader, type OwnedText, type Piece} from './streams.js';

/** How long a message waits for the text before it when none comes, in milliseconds: code may have closed its stdout. */
const patience = 500;

/**
 * Puts text and messages back into the order in which they were made: they come by different pipes. A mark stands in both streams
 * for each message.
 */
export class OrderedOutput {
  readonly #output: (name: 'stdout' | 'stderr', text: OwnedText) => void;
  readonly #streams = {stdout: new MarkedText(), stderr: new MarkedText()};
  readonly #due: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(output: (name: 'stdout' | 'stderr', text: OwnedText) => void) {
    this.#output = output;
  }

  /** Text that has come, split at the marks. */
  add(name: 'stdout' | 'stderr', pieces: readonly Piece[]): void {
    this.#streams[name].add(pieces);
    this.#advance();
  }

  /** Delivers a message when all text that was written before it has come, and before what was written after it. */
  afterText(deliver: () => void): void {
    this.#due.push(deliver);
    this.#advance();
  }

  /** No more comes: delivers all that waits. */
  flush(): void {
    while (this.#due.length > 0) {
      this.#pass();
      this.#advance();
    }
    clearTimeout(this.#timer);
    for (const name of ['stdout', 'stderr'] as const) {
      for (const text of this.#streams[name].all()) this.#output(name, text);
    }
  }

  #advance(): void {
    const {stdout, stderr} = this.#streams;
    clearTimeout(this.#timer);
    for (;;) {
      for (const text of stdout.text()) this.#output('stdout', text);
      for (const text of stderr.text()) this.#output('stderr', text);
      if (this.#due.length === 0) return;
      if (!stdout.atMark || !stderr.atMark) break;
      this.#pass();
    }
    this.#timer = setTimeout(() => {
      this.#pass();
      this.#advance();
    }, patience);
  }

  /** Delivers the first message, whether its marks are there or not. */
  #pass(): void {
    this.#streams.stdout.pass();
    this.#streams.stderr.pass();
    this.#due.shift()?.();
  }
}

/** Feeds a stream of the user's process into the order of its output. Resolves when the stream has ended. */
export function readStream(stream: Readable | null, name: 'stdout' | 'stderr', order: OrderedOutput): Promise<void> {
  if (!stream) return Promise.resolve();
  const decoder = new StringDecoder('utf8');
  const reader = new MarkReader();
  const take = (text: string): void => order.add(name, reader.read(text));
  stream.on('data', (bytes: Buffer) => take(decoder.write(bytes)));
  return new Promise(resolve => {
    stream.on('error', () => resolve());
    stream.on('close', () => {
      take(decoder.end());
      order.add(name, reader.rest());
      resolve();
    });
  });
}
