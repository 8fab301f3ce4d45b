import type {AttemptId} from '../graph/task.js';
import {attach} from './attach.js';
import {Endings} from './endings.js';
import type {Entry} from './entry.js';
import type {Exit} from './executor.js';
import {giveLane} from './lane-claim.js';
import {LaneWaits} from './lane-waits.js';
import {launch, type Launched} from './launch.js';
import {ReadyQueue} from './ready-queue.js';
import {soon} from './resting.js';
import type {Scheduler} from './scheduler.js';
import {areLooking, turnsTaken} from './turn.js';

/** Milliseconds for which a slot waits for what its job made. */
const PUBLISHING = 100;

/** Milliseconds for which tasks that could start wait for those that are finding out whether it is their turn. */
const LOOKING = 250;

/** Milliseconds for which a task that is prepared waits for those before it, so that they go to a runner in their order. */
const PREPARING = 100;

/** The attempts of a scheduler's tasks: which start when, and what comes of them. */
export class Attempts {
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<AttemptId, Entry>();
  readonly #ready = new ReadyQueue<Entry>();
  /** What is being published. */
  readonly #finishing = new Set<Promise<void>>();
  readonly #endings: Endings;
  readonly #lanes: LaneWaits;
  /** How many are being started, or are with the executor. */
  #out = 0;
  /** Milliseconds that the last jobs took. */
  #mean: number | undefined;
  #closed = false;
  /** What is being prepared, in order. */
  readonly #preparing = new Set<Promise<void>>();
  /** Whether what could start waits for others. */
  #waits = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#endings = new Endings(scheduler, {free: entry => this.#free(entry), queue: entry => this.queue(entry)});
    this.#lanes = new LaneWaits(scheduler, this.#endings, {
      free: entry => this.#free(entry),
      swap: (entry, other) => this.#swap(entry, other),
      isOwn: attempt => this.#entries.has(attempt),
    });
  }

  /** Whether nothing more is started. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Starts nothing more, and resolves when what has ended is published. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endings.resting.close();
    while (this.#finishing.size > 0) await Promise.all(this.#finishing);
  }

  /** A task whose needs are done waits for a slot. */
  queue(entry: Entry): void {
    this.#ready.push(entry);
    this.#pump();
  }

  /** Ends an attempt, or what would become one. */
  cancel(entry: Entry): void {
    switch (entry.phase) {
      case 'out':
        if (entry.attempt !== undefined) this.#scheduler.ports.executor.cancel(entry.attempt);
        return;
      case 'starting':
      case 'finishing':
        return;
      case 'elsewhere':
        // It is another kernel's: we only wait no longer.
        this.#endings.end(entry, {is: 'cancelled', at: this.#scheduler.ports.now()});
        return;
      case 'idle':
        this.#ready.remove(entry);
        if (this.#endings.resting.wake(entry)) this.#guard(entry, this.#endings.cancelled(entry));
        else this.#scheduler.set(entry, {is: 'cancelled', at: this.#scheduler.ports.now()});
    }
  }

  /** An attempt's process has started. */
  started(attempt: AttemptId, at: number): void {
    const entry = this.#entries.get(attempt);
    if (entry?.directory === undefined) return;
    entry.startedAt = at;
    const attached = entry.state.is === 'running' && entry.state.attached;
    const log = `${entry.directory}/.weft.log`;
    this.#scheduler.set(entry, {is: 'running', at, attempt, attached, log, ...entry.again});
  }

  /** An attempt has ended. */
  ended(attempt: AttemptId, exit: Exit): void {
    this.#lanes.ended(attempt);
    const entry = this.#entries.get(attempt);
    if (entry === undefined) return;
    this.#entries.delete(attempt);
    entry.phase = 'finishing';
    if ('endedAt' in exit) {
      const took = exit.endedAt - exit.startedAt;
      this.#mean = this.#mean === undefined ? took : this.#mean * 0.8 + took * 0.2;
    }
    const work = this.#endings.finish(entry, exit);
    this.#guard(entry, work);
    this.#freeSlot(work);
  }

  /** A result is mostly published at once, and then deeper tasks are ready, which go first: the slot waits for that a moment. */
  #freeSlot(finishing: Promise<void>): void {
    void soon(PUBLISHING, finishing).then(() => {
      this.#out -= 1;
      this.#pump();
    });
  }

  #pump(): void {
    if (!areLooking(this.#scheduler)) this.#start();
    else if (!this.#waits) {
      // Who has found out first is not the first in order.
      this.#waits = true;
      void soon(LOOKING, turnsTaken(this.#scheduler)).then(() => {
        this.#waits = false;
        this.#start();
      });
    }
  }

  #start(): void {
    while (this.#isFree()) {
      const entry = this.#ready.pop();
      if (entry === undefined) return;
      if (!this.#scheduler.isReady(entry)) {
        // A need that was done is being looked at again.
        this.#ready.free(entry.lane);
        this.#scheduler.set(entry, {is: 'waiting', on: []});
        this.#scheduler.advance(entry);
        continue;
      }
      this.#begin(entry);
    }
  }

  #isFree(): boolean {
    return !this.#closed && this.#out < this.#scheduler.ports.outstanding(this.#mean);
  }

  #begin(entry: Entry): void {
    this.#out += 1;
    entry.phase = 'starting';
    this.#prepare(entry);
  }

  #prepare(entry: Entry): void {
    const before = [...this.#preparing];
    const prepared = launch(this.#scheduler, entry).then(async launched => {
      if (launched.is === 'submit' && before.some(other => this.#preparing.has(other)))
        await soon(PREPARING, Promise.all(before));
      this.#preparing.delete(prepared);
      await this.#launched(entry, launched);
    });
    this.#preparing.add(prepared);
    prepared.catch(() => this.#preparing.delete(prepared));
    this.#guard(entry, prepared);
  }

  /** Keeps what must be done before the kernel may end, and makes an exception a failure. */
  #guard(entry: Entry, work: Promise<void>): void {
    const guarded: Promise<void> = work
      .catch(async (error: unknown) => {
        if (entry.phase === 'starting') this.#out -= 1;
        await this.#endings.release(entry);
        entry.phase = 'idle';
        this.#ready.free(entry.lane);
        this.#scheduler.broke(entry, error);
      })
      .finally(() => this.#finishing.delete(guarded));
    this.#finishing.add(guarded);
  }

  async #launched(entry: Entry, launched: Launched): Promise<void> {
    const {now, executor} = this.#scheduler.ports;
    if (launched.is === 'submit') {
      const {job} = launched;
      if (this.#closed) {
        await this.#scheduler.ports.checkpoints.discard(job.directory);
        await this.#endings.release(entry);
        return;
      }
      this.#watch(entry, job.attempt, () => executor.submit(job));
      return;
    }
    this.#out -= 1;
    switch (launched.is) {
      case 'done':
        entry.phase = 'finishing';
        await this.#endings.done(entry, {is: 'done', at: now(), how: launched.how, manifest: launched.manifest});
        break;
      case 'failed':
        entry.phase = 'finishing';
        await this.#endings.failed(entry, launched.failure);
        break;
      case 'failed elsewhere':
        await this.#endings.release(entry);
        this.#endings.end(entry, {is: 'failed', at: now(), failure: launched.failure});
        break;
      case 'disturbed':
        entry.phase = 'finishing';
        await this.#endings.disturbed(entry, launched);
        break;
      case 'waiting':
        await this.#endings.wait(entry);
        break;
      case 'cancelled':
        await this.#endings.cancelled(entry);
        break;
      case 'in lane':
        await this.#lanes.wait(entry, launched.held);
        break;
      case 'elsewhere':
        if (entry.cancelling) {
          await this.#endings.cancelled(entry);
          break;
        }
        // It needs no slot of ours. Its lane stays taken.
        entry.phase = 'elsewhere';
        void this.#attach(entry, launched).catch((error: unknown) => this.#scheduler.broke(entry, error));
    }
    this.#pump();
  }

  async #attach(entry: Entry, launched: Extract<Launched, {is: 'elsewhere'}>): Promise<void> {
    const {executor, now} = this.#scheduler.ports;
    const attached = await attach(this.#scheduler, entry, launched);
    switch (attached.is) {
      case 'left':
        return;
      case 'adopt':
        this.#out += 1;
        this.#watch(entry, attached.attempt, () =>
          executor.adopt(attached.attempt, attached.holder, entry.task.placement.time),
        );
        return;
      case 'in lane':
        await this.#lanes.wait(entry, attached.held);
        return;
      case 'again':
        // To wait for another kernel was no try.
        entry.tries -= 1;
        this.#endings.again(entry);
        return;
      case 'done':
        entry.checkedAt = now();
        this.#endings.end(entry, {is: 'done', at: now(), how: 'attached', manifest: attached.manifest});
        return;
      case 'failed':
        this.#endings.end(entry, {is: 'failed', at: now(), failure: attached.failure});
    }
  }

  /** The lane goes from one to the other. */
  #swap(entry: Entry, other: Entry): boolean {
    if (other === entry || other.lane !== entry.lane || !this.#isFree() || !this.#scheduler.isReady(other))
      return false;
    if (!this.#ready.remove(other)) return false;
    entry.phase = 'idle';
    entry.lacksLane = false;
    this.#ready.push(entry);
    this.#begin(other);
    return true;
  }

  #watch(entry: Entry, attempt: AttemptId, give: () => void): void {
    entry.attempt = attempt;
    entry.phase = 'out';
    this.#entries.set(attempt, entry);
    give();
    // The wish came while it was being started.
    if (entry.cancelling) this.#scheduler.ports.executor.cancel(attempt);
  }

  #free(entry: Entry): void {
    entry.phase = 'idle';
    if (entry.lane === undefined) return;
    entry.lacksLane = false;
    giveLane(this.#scheduler, entry);
    this.#ready.free(entry.lane);
    // What waited for the lane moves once this one's state is said.
    queueMicrotask(() => this.#pump());
  }
}
