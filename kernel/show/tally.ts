import type {Failure} from '../graph/failure.js';
import {assertNever} from '../graph/result.js';
import {isFinal, type TaskView} from '../graph/task.js';
import {LOOK_NAMES, type Look} from './state-look.js';
import {durationOf, TimeLeft} from './time-left.js';
import type {AlikeTasks} from './view.js';

/** How many tasks are in each kind of state. */
export type Counts = Record<Look, number> & {total: number; queued: number};

/** A task that runs. `elapsed` is milliseconds. */
export interface RunningTask {
  readonly task: TaskView;
  readonly elapsed: number;
}

/** A task that failed. */
export interface FailedTask {
  readonly task: TaskView;
  readonly failure: Failure;
}

/** A task that has failed and will be tried again. */
export interface RestingTask {
  readonly task: TaskView;
  readonly state: Extract<TaskView['state'], {is: 'queued'}>;
}

/** How many tasks a display lists by name at most. */
const LISTED = 20;

/** How many different reasons are kept apart; the display shows fewer. */
const REASONS = 50;

/** Counts of nothing. */
const noCounts = (): Counts => ({
  total: 0,
  queued: 0,
  ran: 0,
  attached: 0,
  cached: 0,
  running: 0,
  elsewhere: 0,
  failed: 0,
  blocked: 0,
  cancelled: 0,
  waiting: 0,
});

/** The kind of a task's state. */
export function lookOf(task: TaskView): Look {
  const {state} = task;
  switch (state.is) {
    case 'waiting':
    case 'queued':
      return task.elsewhere === true ? 'elsewhere' : 'waiting';
    case 'running':
      return state.attached ? 'elsewhere' : 'running';
    case 'done':
      return state.how;
    case 'failed':
    case 'blocked':
    case 'cancelled':
      return state.is;
    default:
      return assertNever(state);
  }
}

function count(reasons: Map<string, number>, text: string): void {
  const before = reasons.get(text);
  if (before !== undefined || reasons.size < REASONS) reasons.set(text, (before ?? 0) + 1);
}

/** What is counted of the tasks of one name. */
interface Row {
  readonly counts: Counts;
  readonly time: TimeLeft;
}

/**
 * Counts tasks, one at a time: displays of long loops count them again and again, and V8 compiles what is small and called often better than
 * one long loop.
 */
export class Tally {
  readonly names = new Map<string, Row>();
  readonly running: RunningTask[] = [];
  readonly failed: FailedTask[] = [];
  readonly resting: RestingTask[] = [];
  restingCount = 0;
  /** How many tasks there are for each reason. */
  readonly blocked = new Map<string, number>();
  readonly missed = new Map<string, number>();
  readonly waitsFor = new Map<string, number>();
  /** Milliseconds since the epoch; 0: none has ended. */
  lastEnd = 0;
  saved = 0;
  looking = 0;
  readonly #now: number;

  /** @param now milliseconds since the epoch */
  constructor(now: number) {
    this.#now = now;
  }

  add(task: TaskView): void {
    const {state} = task;
    const row = this.#row(task.name);
    const look = lookOf(task);
    row.counts.total++;
    row.counts[look]++;
    row.time.add(state, this.#now);
    if (task.looking === true) this.looking++;
    if (task.missed !== undefined) count(this.missed, task.missed);
    if (isFinal(state) && look !== 'cached' && 'at' in state) this.lastEnd = Math.max(this.lastEnd, state.at);
    switch (state.is) {
      case 'queued':
        if (look === 'waiting') row.counts.queued++;
        if (state.until !== undefined) this.#rests({task, state});
        return;
      case 'running':
        this.#runs(task, state.at);
        return;
      case 'done':
        if (state.how === 'cached') this.saved += durationOf(state.manifest);
        return;
      case 'failed':
        if (this.failed.length < LISTED) this.failed.push({task, failure: state.failure});
        return;
      case 'blocked':
        count(this.blocked, state.blocked.because);
        return;
      case 'waiting':
        for (const need of state.on) count(this.waitsFor, need);
        return;
      case 'cancelled':
        return;
      default:
        assertNever(state);
    }
  }

  addAlike({name, done, looking, took, samples}: AlikeTasks): void {
    const row = this.#row(name);
    row.counts.total += done + looking;
    row.counts.cached += done;
    row.counts.waiting += looking;
    row.time.addAlike(done, looking, samples);
    this.looking += looking;
    this.saved += took;
  }

  /** Of all names together. */
  counts(): Counts {
    const sum = noCounts();
    for (const {counts} of this.names.values()) {
      sum.total += counts.total;
      sum.queued += counts.queued;
      for (const look of LOOK_NAMES) sum[look] += counts[look];
    }
    return sum;
  }

  #row(name: string): Row {
    let row = this.names.get(name);
    if (row === undefined) this.names.set(name, (row = {counts: noCounts(), time: new TimeLeft()}));
    return row;
  }

  #rests(resting: RestingTask): void {
    this.restingCount++;
    if (this.resting.length < LISTED) this.resting.push(resting);
  }

  /** Keeps the slowest, so that a list of 100 000 is never sorted. */
  #runs(task: TaskView, at: number): void {
    const elapsed = Math.max(0, this.#now - at);
    const last = this.running[LISTED - 1];
    if (last !== undefined && last.elapsed >= elapsed) return;
    const place = this.running.findIndex(other => other.elapsed < elapsed);
    this.running.splice(place < 0 ? this.running.length : place, 0, {task, elapsed});
    if (this.running.length > LISTED) this.running.pop();
  }
}
