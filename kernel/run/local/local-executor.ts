import {existsSync, readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import type {Holder} from '../../graph/holder.js';
import type {AttemptId} from '../../graph/task.js';
import type {Executor, ExecutorEvents, Exit, Job, Station} from '../executor.js';
import {AdoptedJobs} from './adopted-jobs.js';
import {Dispatcher} from './dispatcher.js';
import {endLeft, runEach} from './end-left.js';
import {exitOf, readExit, readStart, type Ending} from './exit-file.js';
import {claimLog, markCancelled} from './recall.js';
import {Runner, type RunnerEvents, type RunnerProgram} from './runner.js';
import {envWords, writeStart, writeStop} from './stop-file.js';
import type {Ticket} from './ticket.js';

/** How a local executor works. */
export interface LocalOptions {
  /** How many slots run. */
  readonly slots: number;
  /** Bytes of memory that all slots have together; absent: it does not count. */
  readonly memory?: number;
  /** The path of runner.sh, which lies elsewhere in a bundle. */
  readonly runner: string;
  /** The bash to use; 4.2 or later. */
  readonly bash?: string;
  /** The environment in which jobs start; absent: that of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How many short jobs a runner may be given ahead. */
  readonly ahead?: number;
}

/** Writes what a runner needs of a job in a container. A message says why the job can't be run. */
function prepare({attempt, directory, script, inside}: Job): string | undefined {
  if (/[\t\n\r\0]/.test(directory + script + attempt))
    return `A path with a tab or a line break can't be run: ${JSON.stringify(directory)}`;
  if (inside?.is !== 'own') return undefined;
  try {
    writeStart(directory, inside.command);
    writeStop(directory, inside.stop, false);
    return undefined;
  } catch (error) {
    return `How it is run could not be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Runs jobs on this machine and in containers, each by a bash runner that outlives this process.
 *
 * Jobs start in the order they were submitted. While they are short, busy runners are given a few ahead; a runner that has nothing to do
 * takes over what waits behind another.
 */
export class LocalExecutor implements Executor, RunnerEvents {
  readonly #events: ExecutorEvents;
  readonly #program: RunnerProgram;
  readonly #dispatcher: Dispatcher;
  readonly #adopted: AdoptedJobs;
  readonly #tickets = new Map<AttemptId, Ticket>();
  /** All that have not gone. */
  readonly #runners = new Set<Runner>();
  #order = 0;
  #closed = false;

  constructor(options: LocalOptions, events: ExecutorEvents) {
    this.#events = events;
    this.#dispatcher = new Dispatcher(
      {
        slots: options.slots,
        ahead: options.ahead ?? 4,
        ...(options.memory === undefined ? {} : {memory: options.memory}),
      },
      {start: station => this.#start(station), give: (ticket, runner) => this.#give(ticket, runner)},
    );
    let text: string | undefined;
    this.#program = {
      script: options.runner,
      text: () => (text ??= readFileSync(options.runner, 'utf8')),
      bash: options.bash ?? 'bash',
      environment: options.environment,
    };
    this.#adopted = new AdoptedJobs(events);
  }

  submit(job: Job): void {
    if (this.#closed) return;
    const ticket: Ticket = {job, order: this.#order++, runners: new Set(), cancelled: false};
    this.#tickets.set(job.attempt, ticket);
    const message = prepare(job);
    if (message === undefined) this.#dispatcher.add(ticket);
    else queueMicrotask(() => this.#settle(ticket, {is: 'lost', message}));
  }

  adopt(attempt: AttemptId, holder: Holder, time?: number): void {
    if (!this.#closed) this.#adopted.watch(attempt, holder, time);
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
      this.#dispatcher.soon();
    });
  }

  resize(slots: number): void {
    this.#dispatcher.resize(slots);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#adopted.close();
    for (const {job, runners, running} of this.#tickets.values()) {
      if (runners.size > 0 && running === undefined) markCancelled(job.directory);
    }
    this.#tickets.clear();
    this.#dispatcher.close();
    await Promise.all([...this.#runners].map(runner => runner.abandon()));
    this.#runners.clear();
  }

  // --- what the runners tell ---

  started(runner: Runner, ticket: Ticket, at: number): void {
    if (ticket.exit !== undefined || ticket.running === runner || this.#closed) return;
    ticket.running = runner;
    ticket.startedAt = at;
    this.#assign(ticket, runner);
    this.#events.started(ticket.job.attempt, at);
  }

  ended(_runner: Runner, ticket: Ticket, startedAt: number, ending: Ending): void {
    this.#dispatcher.took(ending.endedAt - startedAt);
    this.#settle(ticket, exitOf(ending, startedAt));
    this.#dispatcher.soon();
  }

  skipped(runner: Runner, ticket: Ticket): void {
    ticket.runners.delete(runner);
    if (ticket.running === runner) delete ticket.running;
    const [other] = ticket.runners;
    if (other === undefined) {
      if (ticket.exit === undefined)
        void this.#recover(ticket, 'Its directory had been used, or another kernel recalled it.');
    } else if (other.queue[0] === ticket && ticket.running === undefined) this.started(other, ticket, Date.now());
    this.#dispatcher.soon();
  }

  lost(_runner: Runner, ticket: Ticket, message: string): void {
    this.#settle(ticket, {is: 'lost', message});
    this.#dispatcher.soon();
  }

  gone(runner: Runner, left: readonly Ticket[], message: string): void {
    this.#runners.delete(runner);
    this.#dispatcher.drop(runner);
    if (this.#closed) return;
    if (runner.stop === undefined || runner.well) this.#leave(runner, left, message);
    // Only then is it clear what it did: it may have gone on without its client.
    else void this.#remove(runner).then(() => this.#leave(runner, left, message));
  }

  #leave(runner: Runner, left: readonly Ticket[], message: string): void {
    const again: Ticket[] = [];
    for (const ticket of left) {
      ticket.runners.delete(runner);
      if (ticket.exit !== undefined || (ticket.runners.size > 0 && ticket.running !== runner)) continue;
      if (!runner.ready) {
        const what = runner.station === undefined ? 'runner' : 'container';
        this.#settle(ticket, {is: 'lost', message: `The ${what} could not be started. ${message}`.trim()});
      } else if (existsSync(`${ticket.job.directory}/.weft.log`)) {
        void this.#recover(ticket, `Its runner (process ${runner.stamp?.pid ?? 0}) has gone.`, runner);
      } else {
        delete ticket.running;
        again.push(ticket);
      }
    }
    if (again.length > 0) this.#dispatcher.back(again);
    this.#dispatcher.soon();
  }

  /** Takes the container of a runner that has gone away. */
  async #remove({stop, ready}: Runner): Promise<void> {
    const commands = (stop?.remove ?? []).map(envWords);
    await runEach(commands);
    if (ready || commands.length === 0) return;
    // The engine may be making just now what its client asked for.
    await delay(500);
    await runEach(commands);
  }

  /** What became of a job that no runner has any more: its files tell. */
  async #recover(ticket: Ticket, message: string, runner?: Runner): Promise<void> {
    const {attempt, directory} = ticket.job;
    const exit = await readExit(directory);
    if (exit === undefined) await endLeft(attempt, directory, await readStart(directory), runner?.stamp);
    this.#settle(ticket, exit ?? (ticket.cancelled ? {is: 'cancelled'} : {is: 'lost', message}));
    this.#dispatcher.soon();
  }

  #settle(ticket: Ticket, exit: Exit): void {
    if (ticket.exit !== undefined || this.#closed) return;
    ticket.exit = exit;
    this.#tickets.delete(ticket.job.attempt);
    this.#events.ended(ticket.job.attempt, exit);
  }

  #start(station: Station | undefined): Runner {
    const runner = new Runner(this.#program, station, this);
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
    try {
      if (runner.stop !== undefined) writeStop(ticket.job.directory, runner.stop, true);
    } catch {
      // Where nothing can be written the job fails by itself.
    }
    const holder = holderOf(ticket);
    if (holder) this.#events.assigned?.(ticket.job.attempt, holder);
  }
}

function holderOf({holder, job}: Ticket): Holder | undefined {
  return holder?.stamp && {...holder.stamp, directory: job.directory};
}
