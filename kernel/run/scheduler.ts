import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {AttemptId, TaskState} from '../graph/task.js';
import type {Task} from '../graph/work.js';
import {attach} from './attach.js';
import type {Checkpoints} from './checkpoints.js';
import {Entry} from './entry.js';
import type {Holder} from '../graph/holder.js';
import type {Executor, Exit} from './executor.js';
import {finish, launch} from './launch.js';
import {ReadyQueue} from './ready-queue.js';

/** What the scheduler is made of; all of it is given, so that tests can give fakes. */
export interface SchedulerPorts {
  readonly checkpoints: Checkpoints;
  readonly executor: Executor;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newAttempt: () => AttemptId;
  /** How many attempts may be with the executor at once: its slots, and a few ahead. */
  readonly outstanding: () => number;
  /** A task has changed its state. */
  readonly changed: (entry: Entry) => void;
}

/**
 * Runs each task at most once: cached, attached to, or started when what it needs is done.
 *
 * A task is its fingerprint: submitting one that is known joins it. The queue holds what could start now; nothing waits in a
 * thread or a slot, so a graph of any depth and width is done with one slot.
 */
export class Scheduler {
  readonly ports: SchedulerPorts;
  readonly #entries = new Map<Fingerprint, Entry>();
  readonly #attempts = new Map<AttemptId, Entry>();
  readonly #ready = new ReadyQueue<Entry>();
  readonly #toCheck: Entry[] = [];
  #checking = false;
  #order = 0;
  #out = 0;
  #closed = false;

  constructor(ports: SchedulerPorts) {
    this.ports = ports;
  }

  /** The entry of a fingerprint that was submitted in this kernel. */
  entry(fingerprint: Fingerprint): Entry | undefined {
    return this.#entries.get(fingerprint);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Adds a task, or joins the one that there is. What failed, was blocked or cancelled is started over; what is done is checked again. */
  submit(task: Task): Entry {
    let entry = this.#entries.get(task.fingerprint);
    if (entry === undefined) {
      const depth = 1 + Math.max(0, ...task.needs.map(need => this.#entries.get(need)?.depth ?? 0));
      entry = new Entry(task, depth, this.#order++);
      this.#entries.set(task.fingerprint, entry);
      for (const need of task.needs) this.#entries.get(need)?.dependents.add(entry);
    } else if (entry.final || task.force === true) {
      if (!entry.final) return entry;
      entry.task = task;
      this.restart(entry);
      return entry;
    } else return entry;
    entry.force = task.force === true;
    this.#queueCheck(entry);
    return entry;
  }

  /** Starts a task over, from looking for its result. */
  restart(entry: Entry): void {
    if (!entry.final) return;
    entry.round += 1;
    entry.tries = 0;
    entry.cancelling = false;
    entry.missed = undefined;
    entry.force = entry.task.force === true;
    entry.attempt = entry.directory = entry.claim = entry.startedAt = undefined;
    this.set(entry, {is: 'waiting', on: []});
    this.#queueCheck(entry);
  }

  /** Ends tasks that run, recalls those that wait. What is over stays as it is. */
  cancel(entry: Entry): void {
    if (entry.final || entry.cancelling) return;
    entry.cancelling = true;
    if (entry.attempt !== undefined && this.#attempts.has(entry.attempt)) this.ports.executor.cancel(entry.attempt);
    else {
      this.#ready.remove(entry);
      this.set(entry, {is: 'cancelled', at: this.ports.now()});
    }
  }

  /** Says a task's new state to all who care, and lets its dependents move. */
  set(entry: Entry, state: TaskState): void {
    entry.state = state;
    this.ports.changed(entry);
    if (!entry.final) return;
    entry.settle();
    for (const dependent of entry.dependents) if (dependent.state.is === 'waiting') this.#advance(dependent);
  }

  // --- cached? ---

  #queueCheck(entry: Entry): void {
    this.#toCheck.push(entry);
    if (this.#checking) return;
    this.#checking = true;
    // After the turn that submits: a cell's whole graph is there before its first task moves.
    setImmediate(() => void this.#checkAll());
  }

  async #checkAll(): Promise<void> {
    try {
      for (let entry = this.#toCheck.shift(); entry !== undefined; entry = this.#toCheck.shift()) {
        if (entry.state.is === 'waiting') await this.#check(entry);
      }
    } finally {
      this.#checking = false;
    }
    this.#pump();
  }

  async #check(entry: Entry): Promise<void> {
    const {checkpoints, now} = this.ports;
    const unsettled = entry.task.needs.some(need => {
      const other = this.#entries.get(need);
      return other !== undefined && !other.final && (other.force || other.undecided);
    });
    // A need that is forced may come out with other bytes: whether this one is a hit is decided after it.
    entry.undecided = unsettled;
    if (!entry.force && !unsettled && (await this.#hit(entry))) return;
    if (entry.state.is !== 'waiting') return;
    // A need that was done earlier may have lost its files since.
    for (const need of entry.task.needs) {
      const other = this.#entries.get(need);
      if (other?.state.is !== 'done' || now() - other.checkedAt < 2000) continue;
      other.checkedAt = now();
      const good = await checkpoints.check(other.state.manifest);
      if (good.ok) continue;
      this.restart(other);
      other.missed = good.error;
    }
    this.#advance(entry);
  }

  /** True if a result is there, checked, and read the editions that are current. */
  async #hit(entry: Entry): Promise<boolean> {
    const {checkpoints, now} = this.ports;
    const {round} = entry;
    const manifest = checkpoints.lookup(entry.fingerprint) ?? (await checkpoints.find(entry.task));
    if (manifest === undefined || entry.round !== round) return false;
    for (const [need, edition] of Object.entries(manifest.read) as [Fingerprint, number][]) {
      const current = this.#editionOf(need);
      if (current !== undefined && current !== edition) {
        entry.missed = `a result that it read was made again with other bytes (edition ${edition} → ${current})`;
        return false;
      }
    }
    const good = await checkpoints.check(manifest);
    if (entry.round !== round || entry.state.is !== 'waiting') return true;
    if (!good.ok) {
      entry.missed = good.error;
      return false;
    }
    entry.checkedAt = now();
    this.set(entry, {is: 'done', at: now(), how: 'cached', manifest: good.value});
    return true;
  }

  #editionOf(need: Fingerprint): number | undefined {
    const state = this.#entries.get(need)?.state;
    return (state?.is === 'done' ? state.manifest : this.ports.checkpoints.lookup(need))?.edition;
  }

  /** The editions of what a task reads, as they are now. */
  editions(task: Task): Record<Fingerprint, number> {
    const read: Record<Fingerprint, number> = {};
    for (const need of task.needs) read[need] = this.#editionOf(need) ?? 1;
    return read;
  }

  // --- ready? ---

  #advance(entry: Entry): void {
    const on: Fingerprint[] = [];
    for (const need of entry.task.needs) {
      const other = this.#entries.get(need);
      if (other === undefined) continue;
      switch (other.state.is) {
        case 'done':
          break;
        case 'failed':
        case 'blocked':
        case 'cancelled':
          this.set(entry, {
            is: 'blocked',
            at: this.ports.now(),
            blocked: {because: `${labelText(other)} ${other.state.is === 'blocked' ? 'is blocked' : other.state.is === 'failed' ? 'failed' : 'was cancelled'}`, fingerprint: need},
          });
          return;
        default:
          on.push(need);
      }
    }
    if (on.length > 0) {
      const names = on.map(need => labelText(this.#entries.get(need)));
      if (entry.state.is !== 'waiting' || entry.state.on.length !== names.length) this.set(entry, {is: 'waiting', on: names});
      return;
    }
    void this.#enqueue(entry);
  }

  async #enqueue(entry: Entry): Promise<void> {
    const {round} = entry;
    if (entry.undecided && !entry.force) {
      entry.undecided = false;
      if (await this.#hit(entry)) return;
    }
    if (entry.round !== round || entry.state.is !== 'waiting') return;
    this.set(entry, {is: 'queued', at: this.ports.now()});
    this.#ready.push(entry);
    this.#pump();
  }

  #pump(): void {
    while (!this.#closed && this.#out < this.ports.outstanding()) {
      const entry = this.#ready.pop();
      if (entry === undefined) return;
      this.#out += 1;
      void this.#start(entry).catch((error: unknown) => {
        this.#left(entry);
        this.fail(entry, {reason: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error)});
      });
    }
  }

  async #start(entry: Entry): Promise<void> {
    const {checkpoints, executor, now} = this.ports;
    const launched = await launch(this, entry);
    switch (launched.is) {
      case 'submitted':
        return;
      case 'done':
        this.#left(entry);
        entry.checkedAt = now();
        this.set(entry, {is: 'done', at: now(), how: launched.how, manifest: launched.manifest});
        return;
      case 'failed':
        this.#left(entry);
        await this.#failed(entry, launched.failure);
        return;
      case 'cancelled':
        this.#left(entry);
        if (entry.claim !== undefined) await checkpoints.release(entry.task, entry.claim);
        this.set(entry, {is: 'cancelled', at: now()});
        return;
      case 'elsewhere': {
        // Another kernel has it: this needs no slot of ours.
        this.#left(entry);
        const outcome = await attach(this, entry, launched);
        if (entry.final) return;
        if (outcome.is === 'adopt') {
          this.watch(entry, outcome.attempt);
          this.#out += 1;
          executor.adopt(outcome.attempt, outcome.holder);
        } else if (outcome.is === 'again') {
          this.set(entry, {is: 'queued', at: now()});
          this.#ready.push(entry);
          this.#pump();
        } else if (outcome.is === 'done') {
          entry.checkedAt = now();
          this.set(entry, {is: 'done', at: now(), how: 'attached', manifest: outcome.manifest});
        } else this.set(entry, {is: 'failed', at: now(), failure: outcome.failure});
      }
    }
  }

  /** An attempt that the executor is about to have. */
  watch(entry: Entry, attempt: AttemptId): void {
    entry.attempt = attempt;
    this.#attempts.set(attempt, entry);
  }

  #left(entry: Entry): void {
    this.#out -= 1;
    this.#ready.free(entry.lane);
    // Others of the lane, and what the slot is free for, move once this one's state is said.
    setImmediate(() => this.#pump());
  }

  // --- what the executor tells ---

  /** The executor has handed an attempt to a runner. */
  assigned(attempt: AttemptId, holder: Holder): void {
    this.ports.checkpoints.assigned(holder.directory, holder);
  }

  started(attempt: AttemptId, at: number): void {
    const entry = this.#attempts.get(attempt);
    if (entry?.directory === undefined) return;
    entry.startedAt = at;
    const attached = entry.state.is === 'running' && entry.state.attached;
    this.set(entry, {is: 'running', at, attempt, attached, log: `${entry.directory}/.weft.log`});
  }

  ended(attempt: AttemptId, exit: Exit): void {
    const entry = this.#attempts.get(attempt);
    if (entry === undefined) return;
    this.#attempts.delete(attempt);
    void this.#finish(entry, exit).catch((error: unknown) => {
      this.fail(entry, {reason: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error)});
    });
  }

  async #finish(entry: Entry, exit: Exit): Promise<void> {
    const {checkpoints, now} = this.ports;
    const attached = entry.state.is === 'running' && entry.state.attached;
    this.#left(entry);
    if (exit.is === 'cancelled' || (entry.cancelling && exit.is !== 'exited')) {
      if (entry.directory !== undefined) await checkpoints.discard(entry.directory);
      if (entry.claim !== undefined) await checkpoints.release(entry.task, entry.claim);
      this.set(entry, {is: 'cancelled', at: now()});
      return;
    }
    const result = await finish(this, entry, exit);
    if (result.ok) {
      if (entry.claim !== undefined) await checkpoints.release(entry.task, entry.claim);
      entry.checkedAt = now();
      this.set(entry, {is: 'done', at: now(), how: attached ? 'attached' : 'ran', manifest: result.value});
    } else if (entry.cancelling) {
      if (entry.claim !== undefined) await checkpoints.release(entry.task, entry.claim);
      this.set(entry, {is: 'cancelled', at: now()});
    } else await this.#failed(entry, result.error);
  }

  async #failed(entry: Entry, failure: Failure): Promise<void> {
    const {checkpoints, now} = this.ports;
    if (entry.attempt !== undefined) checkpoints.recordFailure(entry.task, entry.attempt, failure, entry.startedAt, now());
    if (entry.claim !== undefined) await checkpoints.release(entry.task, entry.claim);
    entry.claim = undefined;
    const again = failure.reason !== 'start' && failure.reason !== 'publish' && failure.reason !== 'bug';
    if (again && entry.tries <= entry.task.placement.retries && !entry.cancelling) {
      this.set(entry, {is: 'queued', at: now()});
      this.#ready.push(entry);
      this.#pump();
    } else this.fail(entry, failure);
  }

  /** Ends a task as failed. */
  fail(entry: Entry, failure: Failure): void {
    this.set(entry, {is: 'failed', at: this.ports.now(), failure, ...(entry.startedAt === undefined ? {} : {startedAt: entry.startedAt})});
  }

  /** Resolves when nothing waits, is queued or runs. */
  async idle(): Promise<void> {
    for (;;) {
      const open = [...this.#entries.values()].filter(entry => !entry.final);
      if (open.length === 0) return;
      await Promise.all(open.map(entry => entry.ended()));
    }
  }

  /** Starts nothing more. What runs goes on with its runner. */
  close(): void {
    this.#closed = true;
  }
}

function labelText(entry: Entry | undefined): string {
  if (entry === undefined) return '?';
  const {name, key} = entry.task;
  return key === '' ? name : `${name} ${key}`;
}
