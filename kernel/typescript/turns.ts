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
  readonly stop: (error: Error) => void;
  /** Its synchronous part is on the stack, or was when the stack was terminated. */
  onStack: boolean;
}

/**
 * Starts pieces of user code, each from a macrotask of its own, and ends them on interrupt. A terminated stack vanishes with all
 * that waits for it, so that nothing of ours may lie on it, and what it would have answered is answered here.
 */
export class Turns {
  readonly #turns = new Set<Turn>();
  readonly #queue: (() => void)[] = [];
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Runs a piece of code for a cell. Rejects with {@link KernelInterrupt} when the cell is interrupted. */
  run<T>(cell: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const turn: Turn = {cell, stop: reject, onStack: false};
      const end = (): void => {
        this.#turns.delete(turn);
      };
      this.#turns.add(turn);
      this.#later(() => {
        turn.onStack = true;
        const result = this.#origin.run(cell, async () => work());
        turn.onStack = false;
        result.then(resolve, reject).finally(end);
      });
    });
  }

  /** Ends what runs for a cell, and, where code was terminated, what was on the stack. */
  interrupt(cell: string, terminated: boolean): void {
    if (terminated) this.#origin.forget();
    for (const turn of this.#turns) {
      if (turn.cell !== cell && !(terminated && turn.onStack)) continue;
      this.#turns.delete(turn);
      turn.stop(new KernelInterrupt());
    }
  }

  /** One immediate at a time: Node forgets those that were due in the same round when one of them is terminated. */
  #later(task: () => void): void {
    this.#queue.push(task);
    if (this.#queue.length === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const task = this.#queue.shift();
    if (this.#queue.length > 0) setImmediate(this.#next);
    task?.();
  };
}
