import type {ErrorContent} from '../wire/notebook.js';
import type {FromUser} from './messages.js';

/** What the names of a loop's round hold, each asked for when it is wanted. */
export type Locals = Readonly<Record<string, () => unknown>>;

/** The line magics and commands of a cell that the kernel runs now, at the user's end. */
export class LineCalls {
  readonly #open = new Map<string, {readonly end: (error?: ErrorContent) => void; readonly locals: Locals}>();
  readonly #send: (message: FromUser) => void;
  #serial = 0;

  constructor(send: (message: FromUser) => void) {
    this.#send = send;
  }

  /** Has a line run by the kernel. `locals`: names around it that are none of the notebook's. Rejects with the line's error. */
  call(cell: string, index: number, locals: Locals = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const id = String(++this.#serial);
      const end = (error?: ErrorContent): void => {
        if (error)
          reject(Object.assign(new Error(error.evalue), {name: error.ename, stack: error.traceback.join('\n')}));
        else resolve();
      };
      this.#open.set(id, {end, locals});
      this.#send({type: 'line', id, cell, index});
    });
  }

  /** The kernel is done with a line. */
  done(id: string, error?: ErrorContent): void {
    this.#open.get(id)?.end(error);
    this.#open.delete(id);
  }

  /** The values of the names around a line; those that are not declared yet are left out. */
  localsOf(id: string): Readonly<Record<string, unknown>> {
    const values: Record<string, unknown> = {};
    for (const [name, get] of Object.entries(this.#open.get(id)?.locals ?? {})) {
      try {
        values[name] = get();
      } catch {
        // A `let` or `const` below the line.
      }
    }
    return values;
  }
}
