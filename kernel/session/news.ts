/**
 * Tells what is new from what is said again and again, while it lasts: a fault that is met at each try is news once, and once more when it
 * has not been met for a while, since it had passed in between.
 */
export class News {
  readonly #pause: number;
  readonly #clock: () => number;
  /** When each text was last met. */
  readonly #met = new Map<string, number>();

  /**
   * @param pause milliseconds without it after which the same text is news again; longer than from one try to the next
   * @param clock milliseconds since whenever, which never go back
   */
  constructor(pause: number, clock: () => number = () => performance.now()) {
    this.#pause = pause;
    this.#clock = clock;
  }

  /** Whether a text is to be told now. It counts as met. */
  isNews(text: string): boolean {
    const now = this.#clock();
    for (const [old, at] of this.#met) if (now - at > this.#pause) this.#met.delete(old);
    const known = this.#met.has(text);
    this.#met.set(text, now);
    return !known;
  }
}
