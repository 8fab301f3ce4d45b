import {setImmediate} from 'node:timers';
import type {Origin} from './origin.js';

/** What a cell that was interrupted ends with. */
export class KernelInterrupt extends Error {
  constructor() {
    super('interrupted');
    this.name = 'KernelInterrupt';
    this.stack = 'KernelInterrupt: interrupted';
  }
}

interface Turn {
  readonly cell: string;
  /** What the kernel waits for. */
  readonly key: string;
  readonly begin: () => void;
  readonly stop: (error: Error) => void;
}

/**
 * Starts pieces of user code, each from a macrotask of its own, and ends them on interrupt. A terminated stack vanishes with all
 * that waits for it, so that nothing of ours may lie on it, and what it would have answered is answered here.
 */
export class Turns {
  readonly #turns = new Set<Turn>();
  readonly #queue: Turn[] = [];
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Runs a piece of code for a cell. Rejects with {@link KernelInterrupt} when the cell is interrupted. `key` is unless given the cell. */
  run<T>(cell: string, work: () => T | Promise<T>, key = cell): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        const result = this.#origin.run(cell, async () => work());
        result.then(resolve, reject).finally(() => this.#turns.delete(turn));
      };
      const turn: Turn = {cell, key, begin, stop: reject};
      this.#turns.add(turn);
      // One immediate at a time: Node forgets those that were due in the same round when one of them is terminated.
      this.#queue.push(turn);
      if (this.#queue.length === 1) setImmediate(this.#next);
    });
  }

  /** True while there is a turn of this key. */
  has(key: string): boolean {
    for (const turn of this.#turns) if (turn.key === key) return true;
    return false;
  }

  /** Ends what runs for a cell, with an error. Where code was terminated nobody knows whose: all that has begun is ended, and what has not begins anew. */
  interrupt(cell: string, terminated: boolean, error: Error = new KernelInterrupt()): void {
    if (terminated) this.#origin.forget();
    for (const turn of this.#turns) {
      if (turn.cell !== cell && !(terminated && !this.#queue.includes(turn))) continue;
      this.#turns.delete(turn);
      turn.stop(error);
    }
    if (terminated && this.#queue.length > 0) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const turn = this.#queue.shift();
    if (this.#queue.length > 0) setImmediate(this.#next);
    // One that was interrupted before it began never begins.
    if (turn && this.#turns.has(turn)) turn.begin();
  };
}
