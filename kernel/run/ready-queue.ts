/** What the queue orders: the deepest first, then in order of arrival. */
export interface Ready {
  /** Length of the longest chain of needs below it. */
  readonly depth: number;
  readonly order: number;
  readonly lane?: string | undefined;
}

/**
 * The tasks that could start now. Deeper ones go first, so that a product is finished before the next is begun: the coadd of
 * one filter does not wait behind the warps of another. Of a lane at most one is out at a time.
 */
export class ReadyQueue<T extends Ready> {
  readonly #heap: T[] = [];
  /** What waits. An item of the heap that is not in here was taken out, and is passed over. */
  readonly #waiting = new Set<T>();
  readonly #busy = new Set<string>();
  readonly #aside = new Map<string, T[]>();

  /** How many wait, those whose lane is busy among them. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Adds an item, once. */
  push(item: T): void {
    if (this.#waiting.has(item)) return;
    this.#waiting.add(item);
    this.#insert(item);
  }

  /** Takes the next one, and its lane; undefined if none can start now. */
  pop(): T | undefined {
    for (let item = this.#take(); item !== undefined; item = this.#take()) {
      if (!this.#waiting.has(item)) continue;
      if (item.lane === undefined || !this.#busy.has(item.lane)) {
        if (item.lane !== undefined) this.#busy.add(item.lane);
        this.#waiting.delete(item);
        return item;
      }
      const list = this.#aside.get(item.lane);
      if (list === undefined) this.#aside.set(item.lane, [item]);
      else list.push(item);
    }
    return undefined;
  }

  /** Gives a lane back: what waited for it is in the queue again. */
  free(lane: string | undefined): void {
    if (lane === undefined) return;
    this.#busy.delete(lane);
    const waiting = this.#aside.get(lane);
    this.#aside.delete(lane);
    for (const item of waiting ?? []) this.#insert(item);
  }

  /** Takes an item out, wherever it waits; false if it does not. */
  remove(item: T): boolean {
    return this.#waiting.delete(item);
  }

  #insert(item: T): void {
    this.#heap.push(item);
    let at = this.#heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) break;
      at = parent;
    }
  }

  #take(): T | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#before(child, least)) least = child;
      }
      if (least === at) return first;
      this.#swapIfBefore(least, at);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.depth !== y.depth ? x.depth > y.depth : x.order < y.order;
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined || !this.#before(a, b)) return false;
    this.#heap[a] = y;
    this.#heap[b] = x;
    return true;
  }
}
