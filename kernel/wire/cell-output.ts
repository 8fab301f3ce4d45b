import type {JsonObject} from '../fingerprint/json.js';
import type {Header, Message} from './message.js';
import type {Bundle, CellOutput, CommMessage, ErrorContent} from './notebook.js';
import type {BroadcastType, Outgoing} from './outgoing.js';
import type {Questions} from './questions.js';
import {StreamBuffer, type StreamName} from './stream.js';

/** What the output of one cell needs to know of its request and of the server. */
export interface OutputOptions {
  readonly request: Message;
  readonly count: number;
  /** Publishes nothing. */
  readonly silent: boolean;
  readonly allowStdin: boolean;
  /** The header of the request that executes now and is not silent, if there is one. */
  readonly executing: () => Header | undefined;
  /** Hears of the text of the cell's result. */
  readonly onResult: (text: string) => void;
  /** Where its stream stands while it has text to send. */
  readonly waiting: Set<StreamBuffer>;
}

/** The output of one `execute_request`: its messages have that request as their parent, also after it has ended. */
export class RequestOutput implements CellOutput {
  readonly #out: Outgoing;
  readonly #questions: Questions;
  readonly #options: OutputOptions;
  readonly #stream: StreamBuffer;
  #ended = false;

  constructor(out: Outgoing, questions: Questions, options: OutputOptions) {
    this.#out = out;
    this.#questions = questions;
    this.#options = options;
    this.#stream = new StreamBuffer(
      (name, text) => out.publish('stream', {name, text}, options.request.header),
      options.waiting,
    );
  }

  stream(name: StreamName, text: string): void {
    if (!this.#options.silent) this.#stream.write(name, text);
  }

  display(data: Bundle, metadata: JsonObject = {}, displayId?: string): void {
    // `transient` is never null or absent: nbclient looks inside without asking.
    this.#publish('display_data', {data, metadata, transient: displayId === undefined ? {} : {display_id: displayId}});
  }

  update(displayId: string, data: Bundle, metadata: JsonObject = {}): void {
    const parent = this.#options.executing() ?? this.#options.request.header;
    this.#publish('update_display_data', {data, metadata, transient: {display_id: displayId}}, parent);
  }

  result(data: Bundle, metadata: JsonObject = {}): void {
    const text = data['text/plain'];
    if (typeof text === 'string') this.#options.onResult(text);
    this.#publish('execute_result', {execution_count: this.#options.count, data, metadata});
  }

  error(error: ErrorContent): void {
    this.#publish('error', {...error});
  }

  clear(wait: boolean): void {
    this.#publish('clear_output', {wait});
  }

  comm({type, content, metadata, buffers}: CommMessage): void {
    this.flush();
    this.#out.publish(type, content, this.#options.request.header, {metadata, buffers});
  }

  async input(prompt: string, password: boolean): Promise<string | undefined> {
    if (this.#ended || !this.#options.allowStdin) return undefined;
    this.flush();
    return this.#questions.ask(this.#options.request, prompt, password);
  }

  /** Sends the text that waits. */
  flush(): void {
    this.#stream.flush();
  }

  /** The cell has ended: what it asks has no answer any more. What it says still goes out. */
  end(): void {
    this.#ended = true;
    this.#questions.end(this.#options.request);
    this.flush();
  }

  #publish(type: BroadcastType, content: JsonObject, parent = this.#options.request.header): void {
    if (this.#options.silent) return;
    this.flush();
    this.#out.publish(type, content, parent);
  }
}
