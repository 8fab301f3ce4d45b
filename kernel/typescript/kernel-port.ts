import process from 'node:process';
import type {FromUser} from './messages.js';
import {orderMark, writeAll} from './streams.js';

const mark = Buffer.from(orderMark);

/** What a process that cannot tell the kernel of its cells ends with. */
const UNTOLD = 70;

/** The way from the user's process to the kernel. Messages become JSON, which code of the notebook has a say in: `toJSON`, getters. */
export class KernelPort {
  readonly #send = process.send?.bind(process);
  readonly #exit = process.exit.bind(process);

  /** `codeRuns`: whether code of a cell is on the stack. */
  constructor(codeRuns: () => boolean) {
    // To the notebook this is no process that somebody has forked: what code sent would be taken for Weft's own.
    Reflect.deleteProperty(process, 'send');
    // Node calls it when the kernel has left (nodejs/node:lib/internal/child_process.js); without it the end is never heard of.
    const disconnect: unknown = Reflect.get(process, 'disconnect');
    Object.defineProperty(process, 'disconnect', {
      configurable: true,
      get: () => (codeRuns() ? undefined : disconnect),
    });
  }

  /** Sends a message. Throws what its content throws when it becomes JSON: a circle, a bigint. After the kernel has left it does nothing. */
  send(message: FromUser): void {
    if (process.connected) this.#send?.(message);
  }

  /** Sends what must not overtake the text that was written before it. Throws as {@link send} does. */
  sendMarked(message: FromUser): void {
    this.#mark();
    this.send(message);
  }

  /**
   * Sends what the kernel waits for. What is no JSON is told by `instead`. If not even that can be sent, the process ends: a kernel
   * that waits for ever is worse than names that are lost.
   */
  answer(message: FromUser, instead?: (error: unknown) => FromUser): void {
    try {
      this.send(message);
    } catch (error) {
      if (instead) {
        this.answer(instead(error));
        return;
      }
      writeAll(2, Buffer.from('nothing can be written as JSON any more: has a prototype got a toJSON?\n'));
      this.#exit(UNTOLD);
    }
  }

  /** The same behind the text that was written before it. */
  answerMarked(message: FromUser, instead: (error: unknown) => FromUser): void {
    this.#mark();
    this.answer(message, instead);
  }

  #mark(): void {
    writeAll(1, mark);
    writeAll(2, mark);
  }
}
