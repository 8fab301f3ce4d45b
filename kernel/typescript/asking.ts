import type {FromUser} from './messages.js';

type Question = Extract<FromUser, {type: 'input'}>;

/** What cells ask people by `input(…)`, and what they wait for. */
export class Asking {
  readonly #send: (question: Question) => void;
  readonly #cell: () => string;
  readonly #waiting = new Map<string, (text: string | undefined) => void>();
  #serial = 0;

  /** `send` puts a question on its way to the kernel, `cell` tells the cell whose code asks. */
  constructor(send: (question: Question) => void, cell: () => string) {
    this.#send = send;
    this.#cell = cell;
  }

  /** The `input` of the notebook: resolves to what was typed. Rejects where the client allows no questions. */
  readonly input = (prompt: unknown = '', options?: {readonly password?: boolean}): Promise<string> =>
    new Promise((resolve, reject) => {
      const id = String(++this.#serial);
      // Made here, where its stack has the place in the cell.
      const refusal = new Error('nobody can be asked here');
      this.#waiting.set(id, text => {
        if (text === undefined) reject(refusal);
        else resolve(text);
      });
      const password = options?.password === true;
      this.#send({type: 'input', id, cell: this.#cell(), prompt: String(prompt), password});
    });

  /** The kernel's answer to a question; without a text there is nobody to ask. */
  answer(id: string, text: string | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(text);
  }
}
