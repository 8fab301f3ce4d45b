import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {PLAN_ONLY, type Blocked, type Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import {noManifest, type Manifest} from '../graph/manifest.js';
import type {AttemptId, TaskState} from '../graph/task.js';
import type {Result} from '../graph/result.js';
import {labelOf, type Attempt, type Task} from '../graph/work.js';
import {Attempts} from './attempts.js';
import type {Checkpoints} from './checkpoints.js';
import {Entry} from './entry.js';
import type {Executor, Exit, Inside} from './executor.js';
import {blockedBy, decides, Hits} from './hits.js';
import {joinedTask} from './joined-task.js';
import {takeTurn} from './turn.js';

/** Of so many needs each one that is done is told. Of more, a quarter of them at a time: looking at all after each one takes the square of their number. */
const FEW = 16;

/** What the scheduler is made of; all of it is given, so that tests can give fakes. */
export interface SchedulerPorts {
  readonly checkpoints: Checkpoints;
  readonly executor: Executor;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly newAttempt: () => AttemptId;
  /**
   * How many attempts may be with the executor at once: its slots, and a few ahead where jobs are short.
   * @param mean milliseconds that the last jobs took; undefined while none has ended
   */
  readonly outstanding: (mean: number | undefined) => number;
  /** How a task's script is run in the container that its placement names; absent: everything runs on the host. */
  readonly containers?: {
    inside(task: Task, attempt: Attempt, script: string): Result<Inside | undefined, Failure>;
    fault(task: Task, code: number, log: string): Failure | undefined;
  };
  /** Which of the files that a task reads, by absolute paths, has changed, in a person's words: once it has ended, by a look of now. Absent: none. */
  readonly changedContents?: (contents: NonNullable<Task['contents']>, ended: boolean) => Promise<string | undefined>;
  /** Why a task can never start here; absent: each can. */
  readonly refuse?: (task: Task) => Failure | undefined;
  /** Milliseconds until a task is tried again that has failed so often; absent: none. */
  readonly backOff?: (failures: number) => number;
  /** True: this is only a plan. Results are looked for, and what is missing is blocked. */
  readonly planOnly?: boolean;
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
  readonly #hits: Hits;
  readonly #attempts: Attempts;
  #order = 0;

  constructor(ports: SchedulerPorts) {
    this.ports = ports;
    this.#hits = new Hits(this);
    this.#attempts = new Attempts(this);
  }

  /** The entry of a fingerprint that was submitted in this kernel. */
  entry(fingerprint: Fingerprint): Entry | undefined {
    return this.#entries.get(fingerprint);
  }

  /** All that was submitted in this kernel, in that order. */
  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Resolves when the results of all that was submitted have been looked for: what is cached is done then, and the rest is about to start. */
  looked(): Promise<void> {
    return this.#hits.looked();
  }

  /** Adds a task, or joins the one that there is. What has ended is started over; what is done is checked again. */
  submit(task: Task): Entry {
    const known = this.#entries.get(task.fingerprint);
    if (known !== undefined) {
      // What has not begun can still be forced.
      const forced = !known.final && task.force === true && known.phase === 'idle';
      known.task = joinedTask(known.task, task, known.final || forced);
      if (forced) this.force(known);
      else this.restart(known);
      return known;
    }
    let depth = 0;
    for (const need of task.needs) depth = Math.max(depth, this.#entries.get(need)?.depth ?? 0);
    const entry = new Entry(task, depth + 1, this.#order++);
    this.#entries.set(task.fingerprint, entry);
    for (const need of task.needs) this.#entries.get(need)?.dependents.add(entry);
    entry.force = entry.forced = task.force === true;
    entry.askedAt = this.ports.now();
    this.#hits.queue(entry);
    return entry;
  }

  /** Milliseconds that a task took that was not submitted here and has a result, by a quick look: undefined only means that it has to be looked closer. */
  tookOf(fingerprint: Fingerprint): number | undefined {
    return this.#entries.has(fingerprint) ? undefined : this.ports.checkpoints.tookOf(fingerprint);
  }

  /** The record of a result that {@link tookOf} has found; one with nothing in it where it is not to be had any more. */
  recorded(fingerprint: Fingerprint): Manifest {
    return this.ports.checkpoints.lookup(fingerprint) ?? noManifest(fingerprint);
  }

  /**
   * Adds a task that {@link tookOf} has found done.
   * @param checkedAt when that was, milliseconds since the epoch
   */
  admit(task: Task, checkedAt: number): Entry {
    const manifest = this.ports.checkpoints.lookup(task.fingerprint);
    if (manifest === undefined || task.force === true || this.#entries.has(task.fingerprint)) return this.submit(task);
    const entry = new Entry(task, 1, this.#order++);
    this.#entries.set(task.fingerprint, entry);
    entry.checked = true;
    entry.checkedAt = checkedAt;
    entry.manifest = manifest;
    entry.state = {is: 'done', at: checkedAt, how: 'cached', manifest};
    return entry;
  }

  /** Starts a task over that has ended, from looking for its result. `force`: runs it whatever that is. */
  restart(entry: Entry, force = entry.task.force === true): void {
    if (!entry.final) return;
    entry.round += 1;
    entry.tries = 0;
    entry.disturbed = false;
    entry.inputs = undefined;
    entry.cancelling = false;
    entry.undecided = false;
    entry.missed = undefined;
    entry.force = entry.forced = force;
    entry.askedAt = this.ports.now();
    entry.attempt = entry.directory = entry.startedAt = undefined;
    this.#hits.queue(entry);
    this.set(entry, {is: 'waiting', on: []});
  }

  /** Runs a task whatever is cached, this once. What has begun is being made anyway. */
  force(entry: Entry): void {
    this.restart(entry);
    if (entry.phase === 'idle') entry.force = entry.forced = true;
  }

  /** Ends tasks that run, recalls those that wait. What is over stays as it is. */
  cancel(entry: Entry): void {
    if (entry.final || entry.cancelling) return;
    entry.cancelling = true;
    this.#attempts.cancel(entry);
  }

  /** Says a task's new state to all who care, and lets its dependents move. */
  set(entry: Entry, state: TaskState): void {
    entry.state = state;
    if (state.is === 'done' && state.how !== 'cached') entry.made = state.how;
    if (state.is === 'done') entry.manifest = state.manifest;
    this.ports.changed(entry);
    if (!entry.final) return;
    entry.settle();
    for (const dependent of entry.dependents) {
      if (dependent.state.is !== 'waiting' || (state.is === 'done' && --dependent.patience > 0)) continue;
      this.advance(dependent);
    }
  }

  /** The edition of a task's result as it is now; undefined if there is none. */
  editionOf(fingerprint: Fingerprint): number | undefined {
    const state = this.#entries.get(fingerprint)?.state;
    return (state?.is === 'done' ? state.manifest : this.ports.checkpoints.lookup(fingerprint))?.edition;
  }

  /** The editions of what a task reads, as they are now. */
  editions(task: Task): Record<Fingerprint, number> {
    const read: Record<Fingerprint, number> = {};
    for (const need of task.needs) read[need] = this.editionOf(need) ?? 1;
    return read;
  }

  /** Whether all that a task needs is done. */
  isReady(entry: Entry): boolean {
    return entry.task.needs.every(need => (this.#entries.get(need)?.state.is ?? 'done') === 'done');
  }

  /** Says what a task waits for, blocks it, or queues it. Nothing before its result has been looked for. */
  advance(entry: Entry): void {
    if (!entry.checked) return;
    if (this.ports.planOnly === true) {
      const planned = entry.undecided ? 'unknown' : 'run';
      this.set(entry, {is: 'blocked', at: this.ports.now(), blocked: {because: PLAN_ONLY, planned}});
      return;
    }
    if (this.#refused(entry)) return;
    const on: string[] = [];
    let stopped: Blocked | undefined;
    let decided = !entry.undecided;
    for (const need of entry.task.needs) {
      const other = this.#entries.get(need);
      if (other === undefined || other.state.is === 'done') continue;
      if (other.final) {
        stopped ??= blockedBy(other);
        decided ||= decides(other);
      } else on.push(labelOf(other.task));
    }
    // What may still be a hit needs nothing of what has failed, unless that had to give way.
    if (stopped !== undefined && (on.length === 0 || decided)) {
      void this.#hits.decide(entry, stopped, decided).catch((error: unknown) => this.broke(entry, error));
      return;
    }
    entry.patience = on.length > FEW ? Math.ceil(on.length / 4) : 1;
    if (on.length === 0) void this.#enqueue(entry).catch((error: unknown) => this.broke(entry, error));
    else if (entry.state.is !== 'waiting' || entry.state.on.length !== on.length) this.set(entry, {is: 'waiting', on});
  }

  async #enqueue(entry: Entry): Promise<void> {
    const {round} = entry;
    if (entry.undecided) {
      entry.undecided = false;
      if (!entry.force && (await this.#hits.take(entry))) return;
      if (entry.round !== round || entry.state.is !== 'waiting') return;
      if (!this.isReady(entry)) {
        this.advance(entry);
        return;
      }
    }
    if (this.#refused(entry)) return;
    if (entry.task.turn !== undefined) {
      const its = await takeTurn(this, entry);
      if (!its || entry.round !== round || entry.state.is !== 'waiting') return;
    }
    this.set(entry, {is: 'queued', at: this.ports.now()});
    this.#attempts.queue(entry);
  }

  /** Fails what would wait for ever, before what it needs has run; not what may still be cached, or is being made elsewhere. */
  #refused(entry: Entry): boolean {
    const failure = entry.undecided || entry.elsewhere ? undefined : this.ports.refuse?.(entry.task);
    if (failure !== undefined) this.fail(entry, failure);
    return failure !== undefined;
  }

  // --- what the executor tells ---

  /** The executor is handing an attempt to a runner. */
  assigned(_attempt: AttemptId, holder: Holder): void {
    this.ports.checkpoints.assigned(holder.directory, holder);
  }

  /** An attempt's process has started; `at` is milliseconds since the epoch. */
  started(attempt: AttemptId, at: number): void {
    this.#attempts.started(attempt, at);
  }

  /** An attempt has ended. */
  ended(attempt: AttemptId, exit: Exit): void {
    this.#attempts.ended(attempt, exit);
  }

  /** Ends a task as failed. */
  fail(entry: Entry, failure: Failure): void {
    const {startedAt} = entry;
    this.set(entry, {is: 'failed', at: this.ports.now(), failure, ...(startedAt === undefined ? {} : {startedAt})});
  }

  /** Ends a task as failed by a fault of Weft. */
  broke(entry: Entry, error: unknown): void {
    if (entry.final) return;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fail(entry, {reason: 'bug', message});
  }

  /** Resolves when nothing waits, is queued or runs. */
  async idle(): Promise<void> {
    for (;;) {
      const open = [...this.#entries.values()].filter(entry => !entry.final);
      if (open.length === 0) return;
      await Promise.all(open.map(entry => entry.ended()));
    }
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#attempts.closed;
  }

  /**
   * Starts nothing more. What runs goes on with its runner, and its claim stays, so that the next kernel finds it.
   * Resolves when what had ended before is published.
   */
  close(): Promise<void> {
    return this.#attempts.close();
  }
}
