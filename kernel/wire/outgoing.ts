import type {JsonObject} from '../fingerprint/json.js';
import type {Channels} from './channels.js';
import type {Codec} from './codec.js';
import {newHeader, type Header, type Message, type Request} from './message.js';

/** Types of the messages that a kernel publishes for all clients. */
export type BroadcastType =
  | 'status'
  | 'stream'
  | 'display_data'
  | 'update_display_data'
  | 'execute_input'
  | 'execute_result'
  | 'error'
  | 'clear_output'
  | 'comm_open'
  | 'comm_msg'
  | 'comm_close'
  | 'iopub_welcome';

/** What a published message has besides its content. The topic is its type unless one is given. */
export interface Broadcast {
  readonly topic?: string;
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Buffer[];
}

/** What the kernel says: signed, with a header of its own session, queued on the right socket. */
export class Outgoing {
  readonly #channels: Channels;
  readonly #codec: Codec;
  readonly #session: string;

  constructor(channels: Channels, codec: Codec, session: string) {
    this.#channels = channels;
    this.#codec = codec;
    this.#session = session;
  }

  /** Publishes on iopub. `parent` is the header of the request that caused it, `{}` if none did. */
  publish(
    type: BroadcastType,
    content: JsonObject,
    parent: Header | JsonObject,
    {topic = type, metadata = {}, buffers = []}: Broadcast = {},
  ): void {
    const frames = this.#encode(type, content, parent, [Buffer.from(topic)], metadata, buffers);
    this.#channels.send('iopub', frames);
  }

  /** Publishes the kernel's state. */
  status(state: 'starting' | 'busy' | 'idle', parent: Header | JsonObject): void {
    this.publish('status', {execution_state: state}, parent);
  }

  /** Answers a request, on the socket that it came from. */
  reply(request: Request, type: string, content: JsonObject, metadata: JsonObject = {}): void {
    this.#channels.send(request.channel, this.#encode(type, content, request.header, request.identities, metadata));
  }

  /**
   * Sends an `input_request` to the client that sent `request`, and to no other. `failed` hears if that client
   * has no stdin connection.
   */
  ask(request: Message, prompt: string, password: boolean, failed: () => void): void {
    this.#channels.send(
      'stdin',
      this.#encode('input_request', {prompt, password}, request.header, request.identities),
      failed,
    );
  }

  #encode(
    type: string,
    content: JsonObject,
    parent: JsonObject,
    identities: readonly Buffer[],
    metadata: JsonObject = {},
    buffers: readonly Buffer[] = [],
  ): Buffer[] {
    return this.#codec.encode({
      identities,
      header: newHeader(this.#session, type),
      parent,
      metadata,
      content,
      buffers,
    });
  }
}
