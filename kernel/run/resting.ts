import type {Failure} from '../graph/failure.js';
import type {Entry} from './entry.js';
import type {Scheduler} from './scheduler.js';

/** Tasks that have failed and will be tried again after a pause. Their claims stay ours meanwhile. */
export class Resting {
  readonly #scheduler: Scheduler;
  readonly #timers = new Map<Entry, NodeJS.Timeout>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Says that a task will be tried again, and calls `again` when the time has come: at once where there is no pause. */
  rest(entry: Entry, failure: Failure, again: () => void): void {
    const {backOff, now} = this.#scheduler.ports;
    const pause = backOff?.(entry.tries) ?? 0;
    if (pause === 0) {
      again();
      return;
    }
    const at = now();
    const tries = entry.task.placement.retries + 1;
    const wake = (): void => {
      this.#timers.delete(entry);
      again();
    };
    this.#timers.set(entry, setTimeout(wake, pause));
    this.#scheduler.set(entry, {is: 'queued', at, until: at + pause, next: entry.tries + 1, tries, failure});
  }

  /** Ends the rest of a task; false if it does not rest. */
  wake(entry: Entry): boolean {
    clearTimeout(this.#timers.get(entry));
    return this.#timers.delete(entry);
  }

  /** Nothing is tried again any more. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Resolves when some work has ended, well or not, but after some milliseconds at the latest. */
export async function soon(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work, late]).catch(() => undefined);
  clearTimeout(timer);
}
