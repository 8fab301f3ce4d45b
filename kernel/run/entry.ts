import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {AttemptId, TaskState} from '../graph/task.js';
import {isFinal} from '../graph/task.js';
import type {Task} from '../graph/work.js';
import type {Claim} from './checkpoints.js';

/** A task in the scheduler: its state, and what is known beside it. Made and changed by the scheduler only. */
export class Entry {
  task: Task;
  state: TaskState = {is: 'waiting', on: []};
  /** Why a cached result was refused; absent for a plain first run. */
  missed: string | undefined;
  /** Run it whatever is cached: it was forced, or what it reads is being run anew. */
  force = false;
  /** Whether it is a hit waits for a need that was forced. */
  undecided = false;
  /** When its outputs were last looked at, milliseconds since the epoch; 0: never. */
  checkedAt = 0;
  /** The attempt that is queued or running. */
  attempt: AttemptId | undefined;
  directory: string | undefined;
  claim: Claim | undefined;
  startedAt: number | undefined;
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
