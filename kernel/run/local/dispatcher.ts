import type {Station} from '../executor.js';
import {jobsAhead, shortJob, slotsOf, type Room} from '../slots.js';
import {stationOf, type Runner} from './runner.js';
import type {Ticket} from './ticket.js';

/** Milliseconds for which a station that has nothing to do stays up. */
const LINGER = 10_000;

/** What a dispatcher stands on. */
export interface DispatcherPorts {
  /** Starts a runner, of the host where there is no station. */
  start(station: Station | undefined): Runner;
  give(ticket: Ticket, runner: Runner): void;
}

/**
 * Decides which runner gets which job, and when. Jobs start in the order they were submitted: a wide one at the head waits until there
 * are slots for it. A job of a station goes to runners of that station only.
 */
export class Dispatcher {
  readonly #ports: DispatcherPorts;
  readonly #ahead: number;
  readonly #runners = new Set<Runner>();
  readonly #lingering = new Map<Runner, NodeJS.Timeout>();
  /** In order of submission; the ones before `#next` are done with. */
  #pending: Ticket[] = [];
  #next = 0;
  #slots: number;
  readonly #memory: number;
  /** Milliseconds that the last jobs took. */
  #mean: number | undefined;
  #pumping = false;
  #closed = false;

  constructor({slots, ahead, memory = Infinity}: Room & {readonly ahead: number}, ports: DispatcherPorts) {
    this.#memory = memory;
    this.#ports = ports;
    this.#slots = Math.max(1, slots);
    this.#ahead = ahead;
  }

  /** Queues a job. */
  add(ticket: Ticket): void {
    this.#pending.push(ticket);
    this.soon();
  }

  /** Queues jobs again, at the places that they had. */
  back(tickets: readonly Ticket[]): void {
    this.#pending = [...tickets, ...this.#pending.slice(this.#next)].sort((a, b) => a.order - b.order);
    this.#next = 0;
    this.soon();
  }

  /** A job took so many milliseconds. */
  took(milliseconds: number): void {
    this.#mean = this.#mean === undefined ? milliseconds : this.#mean * 0.8 + milliseconds * 0.2;
  }

  resize(slots: number): void {
    this.#slots = Math.max(1, slots);
    this.soon();
  }

  /** Gives a runner no more, without telling it so. */
  drop(runner: Runner): void {
    this.#runners.delete(runner);
    this.#keep(runner);
  }

  /** Hands out nothing more. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    for (const runner of [...this.#runners]) this.drop(runner);
  }

  /** Hands out once what happens now has all been said. */
  soon(): void {
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
      this.#give(ticket, this.#idle(ticket));
    }
    if (this.#taken() === this.#slots) this.#giveAhead();
    this.#thin();
  }

  /** How many slots are in use: more than there are, after their number was lowered. */
  #taken(): number {
    let taken = 0;
    for (const {queue} of this.#runners) if (queue[0]) taken += this.#slotsOf(queue[0]);
    return taken;
  }

  #slotsOf(ticket: Ticket): number {
    return slotsOf(ticket.job, {slots: this.#slots, memory: this.#memory});
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
      const {job} = head;
      const [runner] = [...this.#runners]
        .filter(runner => {
          const [first, ...rest] = runner.queue;
          if (first === undefined || this.#slotsOf(first) > 1 || rest.length >= most || !runner.takes(job))
            return false;
          return first.startedAt === undefined || now - first.startedAt < shortJob;
        })
        .sort((a, b) => a.queue.length - b.queue.length);
      if (runner === undefined) return;
      this.#next++;
      this.#give(head, runner);
    }
  }

  #give(ticket: Ticket, runner: Runner): void {
    this.#keep(runner);
    this.#ports.give(ticket, runner);
  }

  #idle({job}: Ticket): Runner {
    for (const runner of this.#runners) if (runner.queue.length === 0 && runner.takes(job)) return runner;
    const runner = this.#ports.start(stationOf(job));
    this.#runners.add(runner);
    return runner;
  }

  /** Lets runners go that nobody needs: more than there are slots, and containers that stay empty. */
  #thin(): void {
    for (const runner of [...this.#runners]) {
      // A container that does not come up, and nobody waits for it any more.
      const vain = runner.station !== undefined && !runner.ready && runner.queue.length > 0;
      if (vain && runner.queue.every(({exit}) => exit !== undefined)) {
        this.drop(runner);
        runner.kill();
      }
    }
    const idle = [...this.#runners].filter(runner => runner.queue.length === 0);
    const over = this.#runners.size - this.#slots;
    for (const [index, runner] of idle.entries()) {
      if (index < over) this.#leave(runner);
      else if (runner.station !== undefined && !this.#lingering.has(runner))
        this.#lingering.set(runner, setTimeout(() => this.#leave(runner), LINGER).unref());
    }
  }

  #leave(runner: Runner): void {
    this.drop(runner);
    void runner.end();
  }

  #keep(runner: Runner): void {
    clearTimeout(this.#lingering.get(runner));
    this.#lingering.delete(runner);
  }
}
