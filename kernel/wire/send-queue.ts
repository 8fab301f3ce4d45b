import type {Writable} from 'zeromq';

/** What the queue needs of a socket. */
export type Sink = Pick<Writable<Buffer[]>, 'send'> & {readonly closed: boolean};

interface Waiting {
  readonly frames: Buffer[];
  readonly failed?: (error: unknown) => void;
}

/**
 * What one socket has to send, in order. zeromq 6 allows one send in flight for each socket: a second `send` throws EBUSY,
 * at once, inside whatever called it.
 */
export class SendQueue {
  readonly #socket: Sink;
  readonly #failed: (error: unknown) => void;
  readonly #yields: boolean;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;

  /**
   * @param failed hears of messages that could not be sent; the queue goes on with the next one
   * @param yields what is pushed waits until the turn of the event loop is over: what somebody waits for goes out before it
   */
  constructor(socket: Sink, failed: (error: unknown) => void, yields = false) {
    this.#socket = socket;
    this.#failed = failed;
    this.#yields = yields;
  }

  /** Sends when it is its turn. `failed` replaces the queue's own, for this message. After the socket was closed nothing is sent. */
  push(frames: Buffer[], failed?: (error: unknown) => void): void {
    this.#waiting.push(failed === undefined ? {frames} : {frames, failed});
    this.#draining ??= this.#drain();
  }

  /** Resolves when all that was pushed has gone to the socket, or has failed. */
  async drained(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    if (this.#yields) await new Promise(resolve => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const {frames, failed} of batch) {
        if (this.#socket.closed) continue;
        try {
          await this.#socket.send(frames);
        } catch (error) {
          (failed ?? this.#failed)(error);
        }
      }
    }
    // A socket that was closed ends the loop without an `await`: then the caller has yet to store the promise.
    await Promise.resolve();
    this.#draining = this.#waiting.length > 0 ? this.#drain() : undefined;
  }
}
