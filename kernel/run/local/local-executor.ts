import {existsSync} from 'node:fs';
import type {Holder} from '../../graph/holder.js';
import type {AttemptId} from '../../graph/task.js';
import type {Executor, ExecutorEvents, Exit, Job} from '../executor.js';
import {jobsAhead, shortJob, slotsOf} from '../slots.js';
import {AdoptedJobs} from './adopted-jobs.js';
import {exitOf, readExit, readStart, type Ending} from './exit-file.js';
import {endGroup} from './process-stamp.js';
import {claimLog, markCancelled} from './recall.js';
import {Runner, type RunnerEvents, type RunnerProgram} from './runner.js';
import type {Ticket} from './ticket.js';

/** How a local executor works. */
export interface LocalOptions {
  /** How many slots run. */
  readonly slots: number;
  /** The path of runner.sh, which lies elsewhere in a bundle. */
  readonly runner: string;
  /** The bash to use; 4.2 or later. */
  readonly bash?: string;
  /** The environment in which jobs start; absent: that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How many short jobs a runner may be given ahead. */
  readonly ahead?: number;
}

/**
 * Runs jobs on this machine, each by a bash runner that outlives this process.
 *
 * Jobs start in the order they were submitted: a wide one at the head waits until there are slots for it. While jobs are
 * short, busy runners are given a few ahead; a runner that has nothing to do takes over what waits behind another.
 */
export class LocalExecutor implements Executor, RunnerEvents {
  readonly #events: ExecutorEvents;
  readonly #program: RunnerProgram;
  readonly #ahead: number;
  readonly #adopted: AdoptedJobs;
  readonly #tickets = new Map<AttemptId, Ticket>();
  readonly #runners = new Set<Runner>();
  /** In order of submission; the ones before `#next` are done with. */
  #pending: Ticket[] = [];
  #next = 0;
  #slots: number;
  #order = 0;
  /** Milliseconds that the last jobs took. */
  #mean: number | undefined;
  #pumping = false;
  #closed = false;

  constructor(options: LocalOptions, events: ExecutorEvents) {
    this.#events = events;
    this.#slots = Math.max(1, options.slots);
    this.#ahead = options.ahead ?? 4;
    this.#program = {script: options.runner, bash: options.bash ?? 'bash', environment: options.environment};
    this.#adopted = new AdoptedJobs(events);
  }

  submit(job: Job): void {
    if (this.#closed) return;
    const ticket: Ticket = {job, order: this.#order++, runners: new Set(), cancelled: false};
    this.#tickets.set(job.attempt, ticket);
    if (/[\t\n\r\0]/.test(job.directory + job.script)) {
      const message = `A path with a tab or a line break can't be run: ${JSON.stringify(job.directory)}`;
      queueMicrotask(() => this.#settle(ticket, {is: 'lost', message}));
      return;
    }
    this.#pending.push(ticket);
    this.#soon();
  }

  adopt(attempt: AttemptId, holder: Holder): void {
    if (!this.#closed) this.#adopted.watch(attempt, holder);
  }

  holderOf(attempt: AttemptId): Holder | undefined {
    const ticket = this.#tickets.get(attempt);
    return ticket ? holderOf(ticket) : this.#adopted.holderOf(attempt);
  }

  cancel(attempt: AttemptId): void {
    const ticket = this.#tickets.get(attempt);
    if (ticket === undefined) {
      this.#adopted.cancel(attempt);
      return;
    }
    if (ticket.cancelled) return;
    ticket.cancelled = true;
    if (ticket.runners.size > 0) {
      const {directory} = ticket.job;
      markCancelled(directory);
      if (ticket.running !== undefined || !claimLog(directory)) {
        for (const runner of ticket.runners) if (runner.queue[0] === ticket) runner.look();
        return;
      }
    }
    queueMicrotask(() => {
      this.#settle(ticket, {is: 'cancelled'});
      this.#soon();
    });
  }

  resize(slots: number): void {
    this.#slots = Math.max(1, slots);
    this.#soon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#adopted.close();
    for (const {job, runners, running} of this.#tickets.values()) {
      if (runners.size > 0 && running === undefined) markCancelled(job.directory);
    }
    this.#tickets.clear();
    this.#pending = [];
    await Promise.all([...this.#runners].map(runner => runner.abandon()));
    this.#runners.clear();
  }

  // --- what the runners tell ---

  started(runner: Runner, ticket: Ticket, at: number): void {
    if (ticket.exit !== undefined || this.#closed) return;
    ticket.running = runner;
    ticket.startedAt = at;
    this.#assign(ticket, runner);
    this.#events.started(ticket.job.attempt, at);
  }

  ended(_runner: Runner, ticket: Ticket, ending: Ending): void {
    const startedAt = ticket.startedAt ?? ending.endedAt;
    const took = ending.endedAt - startedAt;
    this.#mean = this.#mean === undefined ? took : this.#mean * 0.8 + took * 0.2;
    this.#settle(ticket, exitOf(ending, startedAt));
    this.#soon();
  }

  skipped(runner: Runner, ticket: Ticket): void {
    ticket.runners.delete(runner);
    if (ticket.exit === undefined && ticket.runners.size === 0) {
      void this.#recover(ticket, 'Its directory had been used, or another kernel recalled it.');
    }
    this.#soon();
  }

  lost(_runner: Runner, ticket: Ticket, message: string): void {
    this.#settle(ticket, {is: 'lost', message});
    this.#soon();
  }

  gone(runner: Runner, left: readonly Ticket[], message: string): void {
    this.#runners.delete(runner);
    if (this.#closed) return;
    const again: Ticket[] = [];
    for (const ticket of left) {
      ticket.runners.delete(runner);
      if (ticket.exit !== undefined || (ticket.runners.size > 0 && ticket.running !== runner)) continue;
      if (!runner.ready) {
        this.#settle(ticket, {is: 'lost', message: `The runner could not be started. ${message}`.trim()});
      } else if (ticket.running === runner || existsSync(`${ticket.job.directory}/.weft.log`)) {
        void this.#recover(ticket, `Its runner (process ${runner.stamp?.pid ?? 0}) has gone.`);
      } else {
        again.push(ticket);
      }
    }
    if (again.length > 0) {
      this.#pending = [...again, ...this.#pending.slice(this.#next)].sort((a, b) => a.order - b.order);
      this.#next = 0;
    }
    this.#soon();
  }

  /** What became of a job that no runner has any more: its files tell. */
  async #recover(ticket: Ticket, message: string): Promise<void> {
    const {directory} = ticket.job;
    const exit = await readExit(directory);
    if (exit === undefined) {
      const start = await readStart(directory);
      if (start) await endGroup(start);
    }
    this.#settle(ticket, exit ?? (ticket.cancelled ? {is: 'cancelled'} : {is: 'lost', message}));
    this.#soon();
  }

  #settle(ticket: Ticket, exit: Exit): void {
    if (ticket.exit !== undefined || this.#closed) return;
    ticket.exit = exit;
    this.#tickets.delete(ticket.job.attempt);
    this.#events.ended(ticket.job.attempt, exit);
  }

  // --- who gets what ---

  /** Hands out once what happens now has all been said. */
  #soon(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      if (!this.#closed) this.#pump();
    });
  }

  #pump(): void {
    while (this.#taken() < this.#slots) {
      const ticket = this.#waiting() ?? this.#head();
      if (ticket === undefined || this.#taken() + this.#slotsOf(ticket) > this.#slots) break;
      if (ticket === this.#head()) this.#next++;
      this.#give(ticket, this.#idle());
    }
    if (this.#taken() === this.#slots) this.#giveAhead();
    const idle = [...this.#runners].filter(runner => runner.queue.length === 0);
    for (const runner of idle.slice(0, Math.max(0, this.#runners.size - this.#slots))) {
      this.#runners.delete(runner);
      void runner.end();
    }
  }

  /** How many slots are in use: more than there are, after their number was lowered. */
  #taken(): number {
    let taken = 0;
    for (const {queue} of this.#runners) if (queue[0]) taken += this.#slotsOf(queue[0]);
    return taken;
  }

  #slotsOf(ticket: Ticket): number {
    return slotsOf(ticket.job.cpus, this.#slots);
  }

  /** The first job that was not handed to a runner. */
  #head(): Ticket | undefined {
    while (this.#pending[this.#next]?.exit !== undefined || this.#pending[this.#next]?.cancelled) this.#next++;
    if (this.#next > 1024 && this.#next * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#next);
      this.#next = 0;
    }
    return this.#pending[this.#next];
  }

  /** The first job that waits behind another one at a runner. */
  #waiting(): Ticket | undefined {
    let first: Ticket | undefined;
    for (const {queue} of this.#runners) {
      for (const ticket of queue.slice(1)) {
        if (ticket.exit !== undefined || ticket.runners.size > 1 || ticket.cancelled) continue;
        if (first === undefined || ticket.order < first.order) first = ticket;
      }
    }
    return first;
  }

  #giveAhead(): void {
    const most = jobsAhead(this.#mean, this.#ahead);
    const now = Date.now();
    for (let head = this.#head(); head !== undefined && this.#slotsOf(head) === 1; head = this.#head()) {
      const [runner] = [...this.#runners]
        .filter(({queue: [first, ...rest]}) => {
          if (first === undefined || this.#slotsOf(first) > 1 || rest.length >= most) return false;
          return first.startedAt === undefined || now - first.startedAt < shortJob;
        })
        .sort((a, b) => a.queue.length - b.queue.length);
      if (runner === undefined) return;
      this.#next++;
      this.#give(head, runner);
    }
  }

  #idle(): Runner {
    for (const runner of this.#runners) if (runner.queue.length === 0) return runner;
    const runner = new Runner(this.#program, this);
    this.#runners.add(runner);
    return runner;
  }

  #give(ticket: Ticket, runner: Runner): void {
    ticket.runners.add(runner);
    // Told first: if this process ends in between, its successor looks for a job that never came, not past one that runs.
    this.#assign(ticket, runner);
    runner.give(ticket);
  }

  #assign(ticket: Ticket, runner: Runner): void {
    if (ticket.holder === runner) return;
    ticket.holder = runner;
    const holder = holderOf(ticket);
    if (holder) this.#events.assigned?.(ticket.job.attempt, holder);
  }
}

function holderOf({holder, job}: Ticket): Holder | undefined {
  return holder?.stamp && {...holder.stamp, directory: job.directory};
}
