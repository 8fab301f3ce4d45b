import type {Failure} from '../graph/failure.js';
import type {AttemptId, TaskState} from '../graph/task.js';
import {attach} from './attach.js';
import type {Entry} from './entry.js';
import type {Exit} from './executor.js';
import {finish} from './finish.js';
import {launch, type Launched} from './launch.js';
import {ReadyQueue} from './ready-queue.js';
import {Resting, soon} from './resting.js';
import type {Scheduler} from './scheduler.js';

/** Failures that another try can't help. */
const LASTING: ReadonlySet<Failure['reason']> = new Set(['start', 'publish', 'bug']);

/** Milliseconds for which a slot waits for what its job made. */
const PUBLISHING = 50;

/** The attempts of a scheduler's tasks: which start when, and what comes of them. */
export class Attempts {
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<AttemptId, Entry>();
  readonly #ready = new ReadyQueue<Entry>();
  /** What is being published. */
  readonly #finishing = new Set<Promise<void>>();
  readonly #resting: Resting;
  /** How many are being started, or are with the executor. */
  #out = 0;
  /** Milliseconds that the last jobs took. */
  #mean: number | undefined;
  #closed = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#resting = new Resting(scheduler);
  }

  /** Whether nothing more is started. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Starts nothing more, and resolves when what has ended is published. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#resting.close();
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
        this.#end(entry, {is: 'cancelled', at: this.#scheduler.ports.now()});
        return;
      case 'idle':
        this.#ready.remove(entry);
        if (this.#resting.wake(entry)) this.#guard(entry, this.#cancelled(entry));
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
    const entry = this.#entries.get(attempt);
    if (entry === undefined) return;
    this.#entries.delete(attempt);
    entry.phase = 'finishing';
    if ('endedAt' in exit) {
      const took = exit.endedAt - exit.startedAt;
      this.#mean = this.#mean === undefined ? took : this.#mean * 0.8 + took * 0.2;
    }
    const work = this.#finish(entry, exit);
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
    while (!this.#closed && this.#out < this.#scheduler.ports.outstanding(this.#mean)) {
      const entry = this.#ready.pop();
      if (entry === undefined) return;
      if (!this.#scheduler.isReady(entry)) {
        // A need that was done is being looked at again.
        this.#ready.free(entry.lane);
        this.#scheduler.set(entry, {is: 'waiting', on: []});
        this.#scheduler.advance(entry);
        continue;
      }
      this.#out += 1;
      entry.phase = 'starting';
      this.#guard(
        entry,
        launch(this.#scheduler, entry).then(launched => this.#launched(entry, launched)),
      );
    }
  }

  /** Keeps what must be done before the kernel may end, and makes an exception a failure. */
  #guard(entry: Entry, work: Promise<void>): void {
    const guarded: Promise<void> = work
      .catch(async (error: unknown) => {
        if (entry.phase === 'starting') this.#out -= 1;
        await this.#release(entry);
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
        await this.#release(entry);
        return;
      }
      this.#watch(entry, job.attempt, () => executor.submit(job));
      return;
    }
    this.#out -= 1;
    switch (launched.is) {
      case 'done':
        entry.phase = 'finishing';
        await this.#done(entry, {is: 'done', at: now(), how: launched.how, manifest: launched.manifest});
        break;
      case 'failed':
        entry.phase = 'finishing';
        await this.#failed(entry, launched.failure);
        break;
      case 'failed elsewhere':
        await this.#release(entry);
        this.#end(entry, {is: 'failed', at: now(), failure: launched.failure});
        break;
      case 'cancelled':
        await this.#cancelled(entry);
        break;
      case 'elsewhere':
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
      case 'again':
        this.#again(entry);
        return;
      case 'done':
        entry.checkedAt = now();
        this.#end(entry, {is: 'done', at: now(), how: 'attached', manifest: attached.manifest});
        return;
      case 'failed':
        this.#end(entry, {is: 'failed', at: now(), failure: attached.failure});
    }
  }

  #watch(entry: Entry, attempt: AttemptId, give: () => void): void {
    entry.attempt = attempt;
    entry.phase = 'out';
    this.#entries.set(attempt, entry);
    give();
    // The wish came while it was being started.
    if (entry.cancelling) this.#scheduler.ports.executor.cancel(attempt);
  }

  async #finish(entry: Entry, exit: Exit): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    const attached = entry.state.is === 'running' && entry.state.attached;
    if (!entry.cancelling && (exit.is === 'cancelled' || (exit.is === 'lost' && exit.again === true))) {
      // Somebody else recalled or ended what we took over, or it never ran.
      if (entry.directory !== undefined) await checkpoints.discard(entry.directory);
      this.#again(entry);
      return;
    }
    if (exit.is === 'cancelled' || (entry.cancelling && exit.is !== 'exited')) {
      await this.#cancelled(entry);
      return;
    }
    const result = await finish(this.#scheduler, entry, exit, attached);
    if (result.ok)
      await this.#done(entry, {is: 'done', at: now(), how: attached ? 'attached' : 'ran', manifest: result.value});
    else await this.#failed(entry, result.error);
  }

  async #done(entry: Entry, state: TaskState): Promise<void> {
    await this.#release(entry);
    entry.checkedAt = this.#scheduler.ports.now();
    this.#end(entry, state);
  }

  async #failed(entry: Entry, failure: Failure): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    if (entry.cancelling) {
      await this.#cancelled(entry);
      return;
    }
    if (entry.claim !== undefined && !checkpoints.owns(entry.task, entry.claim)) {
      // Another kernel took it over while this one stood still: what comes of it is for that one to say.
      this.#again(entry);
      return;
    }
    // A log is there to be read. What only could not be published would fill a full disk for good.
    const kept = 'log' in failure ? entry.directory : undefined;
    if (kept === undefined && entry.directory !== undefined) await checkpoints.discard(entry.directory);
    entry.leftover = kept;
    if (!LASTING.has(failure.reason) && entry.tries <= entry.task.placement.retries) {
      this.#free(entry);
      this.#resting.rest(entry, failure, () => this.#again(entry));
      return;
    }
    if (entry.claim !== undefined) checkpoints.recordFailure(entry.task, failure, entry.startedAt, now());
    await this.#release(entry);
    this.#free(entry);
    this.#scheduler.fail(entry, failure);
  }

  async #cancelled(entry: Entry): Promise<void> {
    const {checkpoints, now} = this.#scheduler.ports;
    if (entry.directory !== undefined) await checkpoints.discard(entry.directory);
    if (entry.claim !== undefined) checkpoints.recordCancelled(entry.task);
    await this.#release(entry);
    this.#end(entry, {is: 'cancelled', at: now()});
  }

  /** Puts a task back into the queue. */
  #again(entry: Entry): void {
    this.#free(entry);
    if (entry.cancelling) {
      void this.#cancelled(entry);
      return;
    }
    this.#scheduler.set(entry, {is: 'queued', at: this.#scheduler.ports.now()});
    this.queue(entry);
  }

  #end(entry: Entry, state: TaskState): void {
    this.#free(entry);
    this.#scheduler.set(entry, state);
  }

  #free(entry: Entry): void {
    entry.phase = 'idle';
    if (entry.lane === undefined) return;
    this.#ready.free(entry.lane);
    // What waited for the lane moves once this one's state is said.
    queueMicrotask(() => this.#pump());
  }

  async #release(entry: Entry): Promise<void> {
    const {claim} = entry;
    entry.claim = undefined;
    if (claim !== undefined) await this.#scheduler.ports.checkpoints.release(entry.task, claim);
  }
}
