/** A look that took longer is not begun again at once, unless another limit is given; milliseconds. */
const CHEAP = 200;

/** What part of the time such looks may take: one in so many. */
const SHARE = 10;

/**
 * Looks at something that many want to see when they have ended, and of which they all see the same parts: those who ask in one turn
 * look together, and what takes long is looked at again only after a while, by all who have come until then. Nobody is given
 * what was seen before he asked.
 */
export class Looks {
  readonly #cheap: number;
  #next: Promise<void> | undefined;
  #restUntil = 0;

  /** @param cheap milliseconds that a look may take which is begun again at once */
  constructor(cheap = CHEAP) {
    this.#cheap = cheap;
  }

  /** Resolves when it is time to look; all who wait do so in one turn of the event loop. */
  turn(): Promise<void> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<void> {
    const rest = this.#restUntil - performance.now();
    await new Promise(resolve => (rest > 0 ? setTimeout(resolve, rest) : setImmediate(resolve)));
    this.#next = undefined;
  }

  /** A look has taken so many milliseconds. */
  took(milliseconds: number): void {
    if (milliseconds > this.#cheap) this.#restUntil = performance.now() + SHARE * milliseconds;
  }
}
