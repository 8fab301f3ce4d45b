/** No code fills a heap faster, in bytes a millisecond. */
const PACE = 2 ** 21;
/** The shortest and the longest time between two looks, in milliseconds. */
const [SOONEST, LATEST] = [20, 1000];
/** So long nothing is looked at of code that does nothing, in milliseconds; and the processor time that an answer of it takes at most. */
const RESTING = 100;
const ANSWER = 5;

/** What a watch over a heap sees, and does. Sizes are in bytes. */
export interface Heap {
  /** What the code may use. */
  readonly promised: number;
  /** Memory of the whole process: no less than its heap. Cheap. */
  resident(): number;
  /** Processor time of the code's thread in milliseconds. */
  worked(): number;
  /** What of the heap is used, after a collection of garbage if asked; undefined where nobody knows now. */
  used(collect: boolean): Promise<number | undefined>;
  /** Ends what fills it. */
  end(used: number): Promise<void>;
  pause(milliseconds: number): Promise<void>;
}

/**
 * One look at a heap after the other, so that one is never full without being seen. Memory that is not of the heap only makes it look
 * more often, and garbage never counts. What is left of a full heap by names that are kept is borne: only what fills it further is ended.
 */
export class HeapWatch {
  readonly #heap: Heap;
  #limit: number;
  #worked = -Infinity;
  /** When garbage may be collected again by {@link Heap.worked}: code that makes much must get on. */
  #collects = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.#limit = heap.promised;
  }

  /** Looks, and pauses for as long as the heap can't be full. */
  async look(): Promise<void> {
    const heap = this.#heap;
    const resident = heap.resident();
    if (resident < heap.promised) {
      this.#limit = heap.promised;
      await this.#until(heap.promised - resident);
      return;
    }
    const worked = heap.worked();
    if (worked - this.#worked < ANSWER) {
      await heap.pause(RESTING);
      return;
    }
    this.#worked = worked;
    let used = await heap.used(false);
    if (used !== undefined && used >= this.#limit && this.#mayCollect(used)) {
      const began = heap.worked();
      used = await heap.used(true);
      this.#collects = heap.worked() + 4 * (heap.worked() - began);
      if (used !== undefined && used >= this.#limit) {
        await heap.end(used);
        const left = (await heap.used(true)) ?? used;
        this.#limit = Math.max(heap.promised, left + heap.promised / 8);
      }
    }
    await this.#until(this.#limit - (used ?? this.#limit));
  }

  #mayCollect(used: number): boolean {
    return this.#heap.worked() >= this.#collects || used >= this.#limit + this.#heap.promised / 8;
  }

  #until(room: number): Promise<void> {
    return this.#heap.pause(Math.min(Math.max(room / PACE, SOONEST), LATEST));
  }
}
