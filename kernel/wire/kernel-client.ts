import {randomUUID} from 'node:crypto';
import type * as zeromq from 'zeromq';
import type {JsonObject} from '../fingerprint/json.js';
import {Codec} from './codec.js';
import {endpoint, type Connection} from './connection.js';
import {newHeader, type Message} from './message.js';
import type {CommMessage} from './notebook.js';
import {SendQueue} from './send-queue.js';
import {Dealer, Subscriber} from './zeromq.js';

/** Sockets of a client on which it sends. */
export type ClientChannel = 'shell' | 'control' | 'stdin';

const CHANNELS: readonly ClientChannel[] = ['shell', 'control', 'stdin'];

/** How often a socket tries to connect to a kernel that is not there yet, in milliseconds. */
const RECONNECT_MS = 20;

/** What a kernel says and asks, in the order of each socket. */
export interface ClientEvents {
  published(message: Message): void;
  /** An `input_request`. */
  asked(message: Message): void;
  /** A message that cannot be read, or sent. */
  problem(text: string): void;
}

/** A client of another kernel, over the same wire format that {@link Codec} gives our own. */
export class KernelClient {
  readonly #codec: Codec;
  readonly #session = randomUUID();
  readonly #sockets: Readonly<Record<ClientChannel, zeromq.Dealer>>;
  readonly #queues: Readonly<Record<ClientChannel, SendQueue>>;
  readonly #iopub = new Subscriber({linger: 0, receiveHighWaterMark: 0, reconnectInterval: RECONNECT_MS});
  readonly #replies = new Map<string, (reply: Message) => void>();
  readonly #events: ClientEvents;

  /** Begins to connect; what is sent waits until the kernel is there. */
  constructor(connection: Connection, events: ClientEvents) {
    this.#codec = new Codec(connection.key, connection.hash);
    this.#events = events;
    // One identity on all sockets: the kernel asks on stdin whom it heard on shell.
    const options = {routingId: this.#session, linger: 0, sendHighWaterMark: 0, reconnectInterval: RECONNECT_MS};
    this.#sockets = {shell: new Dealer(options), control: new Dealer(options), stdin: new Dealer(options)};
    const queue = (channel: ClientChannel): SendQueue =>
      new SendQueue(this.#sockets[channel], error => events.problem(`${channel}: ${String(error)}`));
    this.#queues = {shell: queue('shell'), control: queue('control'), stdin: queue('stdin')};
    for (const channel of CHANNELS) this.#sockets[channel].connect(endpoint(connection, channel));
    this.#iopub.connect(endpoint(connection, 'iopub'));
    this.#iopub.subscribe();
    void this.#read(this.#iopub, message => events.published(message));
    void this.#read(this.#sockets.stdin, message => events.asked(message));
    for (const channel of ['shell', 'control'] as const)
      void this.#read(this.#sockets[channel], reply => this.#reply(reply));
  }

  /**
   * Sends a request. Its reply may never come: race it with the end of the process.
   * @param id of the message, where it stands for a request of another client; a new one unless given
   */
  request(
    channel: 'shell' | 'control',
    type: string,
    content: JsonObject,
    id: string = randomUUID(),
  ): {id: string; reply: Promise<Message>} {
    const reply = new Promise<Message>(resolve => this.#replies.set(id, resolve));
    this.#send(channel, {...newHeader(this.#session, type), msg_id: id}, {content, metadata: {}, buffers: []});
    return {id, reply};
  }

  /** Sends what has no reply: a message of a comm. */
  tell({type, ...message}: CommMessage, id: string): void {
    this.#send('shell', {...newHeader(this.#session, type), msg_id: id}, message);
  }

  /** Answers an `input_request`. */
  answer(request: Message, value: string): void {
    const header = newHeader(this.#session, 'input_reply');
    const content = {value};
    this.#queues.stdin.push(
      this.#codec.encode({identities: [], header, parent: request.header, metadata: {}, content, buffers: []}),
    );
  }

  #send(
    channel: ClientChannel,
    header: Message['header'],
    message: Pick<Message, 'content' | 'metadata' | 'buffers'>,
  ): void {
    this.#queues[channel].push(this.#codec.encode({identities: [], header, parent: {}, ...message}));
  }

  close(): void {
    for (const channel of CHANNELS) this.#sockets[channel].close();
    this.#iopub.close();
    this.#replies.clear();
  }

  #reply(reply: Message): void {
    const id = reply.parent['msg_id'];
    if (typeof id !== 'string') return;
    this.#replies.get(id)?.(reply);
    this.#replies.delete(id);
  }

  async #read(socket: zeromq.Dealer | zeromq.Subscriber, handle: (message: Message) => void): Promise<void> {
    try {
      for await (const frames of socket) {
        const decoded = this.#codec.decode(frames);
        if (decoded.ok) handle(decoded.value);
        else this.#events.problem(`dropped a message: ${decoded.error.message}`);
      }
    } catch (error) {
      if (!socket.closed) this.#events.problem(String(error));
    }
  }
}
