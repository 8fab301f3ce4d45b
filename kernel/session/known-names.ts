import {within} from './within.js';

/** So long the user's process may take to say its names, in milliseconds: one that computes is not waited for. */
const PATIENCE = 80;

/** The names of the user's process, for whoever can't wait: the last answer, where a new one does not come at once. */
export class KnownNames {
  readonly #ask: () => Promise<readonly string[]>;
  #last: readonly string[] = [];
  #asking: Promise<readonly string[]> | undefined;

  constructor(ask: () => Promise<readonly string[]>) {
    this.#ask = ask;
  }

  async now(): Promise<readonly string[]> {
    this.#asking ??= this.#ask().then(names => {
      this.#asking = undefined;
      return (this.#last = names);
    });
    return (await within(PATIENCE, this.#asking)) ?? this.#last;
  }
}
