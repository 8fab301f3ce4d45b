/** The rates at which displays may be sent. Times are milliseconds. */
export interface Rates {
  /** The gap between two updates of one display, by the display's age: the first entry whose `until` is not over. */
  readonly gaps: readonly {readonly until: number; readonly gap: number}[];
  /** Updates of all displays in any span of one second. */
  readonly perSecond: number;
  /** After this long without an update, one is due while tasks run, changed or not. */
  readonly heartbeat: number;
  /** Which part of the time one display may take, where making it takes long: that of a loop of thousands of tasks. */
  readonly share: number;
}

/**
 * Four updates a second for the first ten seconds, then one a second, after two minutes one in five seconds; twenty a
 * second for the whole kernel, since servers throttle; one a minute while tasks run, since servers cull kernels that
 * seem idle. A display that takes 30 ms to make is made once a second at most.
 */
export const RATES: Rates = {
  gaps: [
    {until: 10_000, gap: 250},
    {until: 120_000, gap: 1000},
    {until: Infinity, gap: 5000},
  ],
  perSecond: 20,
  heartbeat: 60_000,
  share: 0.03,
};

/** A display that may be sent now. */
export interface DueDisplay {
  readonly id: string;
  /** Send it even if it looks the same: it is final, or the one of the minute. */
  readonly must: boolean;
}

interface Pace {
  readonly openedAt: number;
  sentAt: number;
  /** Milliseconds that making it took the last time, and the lesser of the last two: one alone may have been slowed by something else. */
  took: number;
  cost: number;
  changed: boolean;
  running: boolean;
  final: boolean;
}

/**
 * Says when a cell's display may be sent. It holds no timer: the owner sets one for {@link next} after every call, and
 * then sends what {@link take} gives. Final states are sent at once, over every cap; they count for the others' cap.
 */
export class UpdatePace {
  readonly #now: () => number;
  readonly #rates: Rates;
  readonly #displays = new Map<string, Pace>();
  /** When the last updates were sent, oldest first, at most as many as fit into a second. */
  #sent: number[] = [];

  /** @param now a clock that never goes back, in milliseconds */
  constructor(now: () => number, rates: Rates = RATES) {
    this.#now = now;
    this.#rates = rates;
  }

  /** A display was made, or made again by its cell, and sent for the first time. `running`: tasks of it are open. */
  open(id: string, running = true): void {
    const now = this.#now();
    this.#displays.set(id, {openedAt: now, sentAt: now, took: 0, cost: 0, changed: false, running, final: false});
    this.#count(now);
  }

  /** Its tasks are in another state now, or their logs are longer. `running`: tasks of it are open. */
  touch(id: string, running = true): void {
    const pace = this.#displays.get(id);
    if (pace === undefined) return;
    pace.changed = true;
    pace.running = running;
    pace.final = !running;
  }

  /** Making it took so many milliseconds. */
  took(id: string, milliseconds: number): void {
    const pace = this.#displays.get(id);
    if (pace === undefined) return;
    pace.cost = Math.min(pace.took, milliseconds);
    pace.took = milliseconds;
  }

  /** The display will not be sent any more. */
  close(id: string): void {
    this.#displays.delete(id);
  }

  /** When the next display is due, at the earliest now; undefined if none will be unless something is touched. */
  next(): number | undefined {
    const now = this.#now();
    const free = this.#freeAt(now);
    let next = Infinity;
    for (const pace of this.#displays.values()) {
      const due = this.#dueAt(pace);
      next = Math.min(next, pace.final ? due : Math.max(due, free));
    }
    return next === Infinity ? undefined : Math.max(now, next);
  }

  /** The displays to send now, final ones first, then those that waited longest. They count as sent. */
  take(): readonly DueDisplay[] {
    const now = this.#now();
    const due = [...this.#displays]
      .filter(([, pace]) => this.#dueAt(pace) <= now)
      .sort(([, a], [, b]) => Number(b.final) - Number(a.final) || a.sentAt - b.sentAt);
    const taken: DueDisplay[] = [];
    for (const [id, pace] of due) {
      if (!pace.final && this.#freeAt(now) > now) break;
      taken.push({id, must: pace.final || now - pace.sentAt >= this.#rates.heartbeat});
      pace.sentAt = now;
      pace.changed = false;
      pace.final = false;
      this.#count(now);
    }
    return taken;
  }

  #count(now: number): void {
    this.#sent = [...this.#sent, now].slice(-this.#rates.perSecond);
  }

  /** When the kernel's cap lets an update through. */
  #freeAt(now: number): number {
    const oldest = this.#sent[0];
    return oldest === undefined || this.#sent.length < this.#rates.perSecond ? now : Math.max(now, oldest + 1000);
  }

  #dueAt(pace: Pace): number {
    if (pace.final) return -Infinity;
    if (!pace.changed) return pace.running ? pace.sentAt + this.#rates.heartbeat : Infinity;
    const age = pace.sentAt - pace.openedAt;
    const gap = this.#rates.gaps.find(({until}) => age < until)?.gap ?? 0;
    return pace.sentAt + Math.min(Math.max(gap, pace.cost / this.#rates.share), this.#rates.heartbeat);
  }
}
