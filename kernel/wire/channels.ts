import type * as zeromq from 'zeromq';
import {CHANNELS, endpoint, type Channel, type Connection} from './connection.js';
import {SendQueue} from './send-queue.js';
import {Reply, Router, XPublisher} from './zeromq.js';

/** Writes one line to the kernel's log. */
export type Log = (line: string) => void;

/** Takes one message; the next one is read when it is done. */
export type Handle = (frames: Buffer[]) => void | Promise<void>;

/** What is still to be sent when a socket closes is kept for this long, in milliseconds. */
const LINGER_MS = 1000;

/** The five sockets of a kernel, bound: each with one loop that reads and one queue that sends. */
export class Channels {
  readonly #sockets: Readonly<Record<Channel, zeromq.Router | zeromq.Reply | zeromq.XPublisher>>;
  readonly #queues: Readonly<Record<Channel, SendQueue>>;
  readonly #log: Log;

  private constructor(log: Log) {
    // No high-water marks: at 1000 messages a peer, libzmq would drop what a busy cell prints.
    const options = {linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0};
    this.#sockets = {
      // handover: a client that comes back with the same identity takes over from its dead connection.
      shell: new Router({...options, handover: true}),
      control: new Router({...options, handover: true}),
      // mandatory: a question to a client that has not connected its stdin is an error, and not lost without a word.
      stdin: new Router({...options, handover: true, mandatory: true}),
      // allSubs: a second client with the same topic is heard too.
      iopub: new XPublisher({...options, verbosity: 'allSubs'}),
      hb: new Reply(options),
    };
    this.#log = log;
    // A cell begins, and is answered, before anybody is told of it.
    const queue = (channel: Channel) =>
      new SendQueue(
        this.#sockets[channel],
        error => log(`${channel}: cannot send: ${String(error)}`),
        channel === 'iopub',
      );
    this.#queues = {
      shell: queue('shell'),
      control: queue('control'),
      stdin: queue('stdin'),
      iopub: queue('iopub'),
      hb: queue('hb'),
    };
  }

  /** Makes the sockets and binds them. Rejects if an address cannot be had; then nothing stays open. */
  static async bind(connection: Connection, log: Log): Promise<Channels> {
    const channels = new Channels(log);
    const bound = await Promise.allSettled(
      CHANNELS.map(async channel => channels.#sockets[channel].bind(endpoint(connection, channel))),
    );
    const failed = bound.find(each => each.status === 'rejected');
    if (failed === undefined) return channels;
    channels.close();
    throw failed.reason;
  }

  /** Gives every message that comes in on a socket to `handle`, until the socket is closed. Nothing that `handle` throws ends this. */
  listen(channel: Channel, handle: Handle): void {
    void this.#read(channel, handle);
  }

  /** Queues a message. `failed` hears if it cannot be sent; else the log does. */
  send(channel: Channel, frames: Buffer[], failed?: (error: unknown) => void): void {
    this.#queues[channel].push(frames, failed);
  }

  /** Resolves when all that was queued, on these channels, has been handed to ZeroMQ. */
  async drained(channels: readonly Channel[] = CHANNELS): Promise<void> {
    await Promise.all(channels.map(channel => this.#queues[channel].drained()));
  }

  /** Closes the sockets. What ZeroMQ holds is still sent for a second. */
  close(): void {
    for (const channel of CHANNELS) this.#sockets[channel].close();
  }

  async #read(channel: Channel, handle: Handle): Promise<void> {
    const socket = this.#sockets[channel];
    const isOpen = () => !socket.closed;
    while (isOpen()) {
      try {
        await handle(await socket.receive());
      } catch (error) {
        if (!isOpen()) return;
        this.#log(`${channel}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        // Should the socket itself be what fails, this keeps the loop from spinning.
        await new Promise(resolve => setImmediate(resolve));
      }
    }
  }
}
