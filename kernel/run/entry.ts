import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import type {AttemptId, TaskState} from '../graph/task.js';
import {isFinal} from '../graph/task.js';
import type {Task} from '../graph/work.js';
import type {Claim} from './checkpoints.js';

/**
 * What the scheduler is doing with a task, beside what it shows.
 *
 *     idle ──► starting ──► out ──► finishing ──► idle
 *                 └──► elsewhere ──► out | idle
 *
 * While it is starting or finishing, a wish to cancel it is looked at when that is over.
 */
export type Phase = 'idle' | 'starting' | 'elsewhere' | 'out' | 'finishing';

/** A task in the scheduler: its state, and what is known beside it. Made and changed by the scheduler only. */
export class Entry {
  task: Task;
  state: TaskState = {is: 'waiting', on: []};
  phase: Phase = 'idle';
  /** Its last result in this kernel: it stays known while it is looked at again. */
  manifest: Manifest | undefined;
  /** Why a cached result was refused; absent for a plain first run. */
  missed: string | undefined;
  /** Run it whatever is cached: it was forced, or what it read was made again with other bytes. */
  force = false;
  /** Whether somebody wanted that: `%force`, `--force` or `--always`. */
  forced = false;
  /** Whether its cached result has been looked for since it was submitted or started over. */
  checked = false;
  /** While it waits: whether another kernel is making it, as it was when its result was looked for. */
  elsewhere = false;
  /** Whether it is a hit waits for a need that is being made again. */
  undecided = false;
  /** How this kernel came by the result when it was not there yet: asked for again later, it is cached. */
  made: 'ran' | 'attached' | undefined;
  /** While it waits: how many of its needs have to be done before it is worth while to look at all of them again. */
  patience = 0;
  /** While it waits for its turn: what it waits for, by names of futures. */
  awaits: readonly string[] = [];
  /** When its outputs were last looked at, milliseconds since the epoch; 0: never. */
  checkedAt = 0;
  /** Milliseconds that the last look took. */
  checkTook = 0;
  /** When somebody last asked for it, milliseconds since the epoch. */
  askedAt = 0;
  /** The attempt that is queued or running. */
  attempt: AttemptId | undefined;
  directory: string | undefined;
  /** Ours, from before the attempt is made until its result or its last failure is recorded. */
  claim: Claim | undefined;
  /** Ours to its lane, from before the attempt is prepared until it has ended, is published or is given up. */
  laneClaim: Claim | undefined;
  /** While it is elsewhere: whether it waits for its lane, and nobody makes it. */
  lacksLane = false;
  /** The directory of an attempt that failed: its log is there to be read until the next attempt. */
  leftover: string | undefined;
  startedAt: number | undefined;
  /** The results that it reads, as they were when its attempt was made. */
  inputs: ReadonlyMap<Fingerprint, Pick<Manifest, 'edition' | 'endedAt'>> | undefined;
  /** Whether what it reads was changed while it ran, so that it runs once more. */
  disturbed = false;
  tries = 0;
  /** Raised each time the task is started over, so that what an earlier round still awaits is dropped. */
  round = 0;
  cancelling = false;
  readonly depth: number;
  readonly order: number;
  /** Who waits for this one. */
  readonly dependents = new Set<Entry>();
  readonly #waiters: ((state: TaskState) => void)[] = [];

  constructor(task: Task, depth: number, order: number) {
    this.task = task;
    this.depth = depth;
    this.order = order;
  }

  get fingerprint(): Fingerprint {
    return this.task.fingerprint;
  }

  get lane(): string | undefined {
    return this.task.lane;
  }

  get final(): boolean {
    return isFinal(this.state);
  }

  /** Whether its result is still to be made: now, or where this is only a plan. */
  get open(): boolean {
    return !this.final || (this.state.is === 'blocked' && this.state.blocked.planned !== undefined);
  }

  /** Once a try has failed: which one it is at, and of how many. */
  get again(): {readonly nth: number; readonly tries: number} | undefined {
    return this.tries > 1 ? {nth: this.tries, tries: this.task.placement.retries + 1} : undefined;
  }

  /** The state that it comes to; at once if it has one. */
  ended(): Promise<TaskState> {
    if (this.final) return Promise.resolve(this.state);
    return new Promise(resolve => this.#waiters.push(resolve));
  }

  /** Tells those who wait for the end. */
  settle(): void {
    for (const waiter of this.#waiters.splice(0)) waiter(this.state);
  }
}
