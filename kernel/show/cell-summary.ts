import type {Failure} from '../graph/failure.js';
import {assertNever} from '../graph/result.js';
import {isFinal, type TaskView} from '../graph/task.js';
import {LOOK_NAMES, type Look} from './state-look.js';
import {durationOf, TimeLeft} from './time-left.js';
import type {CellView} from './view.js';

/** How many tasks are in each kind of state. */
export type Counts = Record<Look, number> & {total: number; queued: number};

/** The tasks of one name: a row of the table. */
export interface NameSummary {
  readonly name: string;
  readonly counts: Counts;
  /** Milliseconds that a task of this name took, the median of those that ran or were cached; absent without any. */
  readonly median?: number;
}

/** A task that runs. `elapsed` is milliseconds. */
export interface RunningTask {
  readonly task: TaskView;
  readonly elapsed: number;
  readonly log?: string;
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

/** A sentence, and for how many tasks it holds. */
export interface Reason {
  readonly text: string;
  readonly tasks: number;
}

/** What a display says of any number of tasks: its size does not depend on how many there are, only on how many names. */
export interface CellSummary {
  readonly counts: Counts;
  readonly names: readonly NameSummary[];
  /** At most {@link LISTED}, the slowest first. */
  readonly running: readonly RunningTask[];
  /** At most {@link LISTED}, in the order of the loop. */
  readonly failed: readonly FailedTask[];
  /** At most {@link LISTED}, in the order of the loop; and how many there are. */
  readonly resting: readonly RestingTask[];
  readonly restingCount: number;
  readonly blocked: readonly Reason[];
  readonly missed: readonly Reason[];
  /** What the waiting tasks wait for, where nothing runs. */
  readonly waitsFor: readonly string[];
  /** Nothing will happen any more unasked. */
  readonly finished: boolean;
  /** How many are still being looked for. */
  readonly looking: number;
  /** Milliseconds that the cached tasks took when they ran. */
  readonly saved: number;
  /** Milliseconds that are left, if that can be told. */
  readonly left?: number;
  /** Milliseconds since the epoch at which the last task ended; absent while tasks are open, or if none ran. */
  readonly endedAt?: number;
}

/** How many tasks a display lists by name at most. */
export const LISTED = 20;

/** How many different reasons are kept apart; the display shows fewer. */
const REASONS = 50;

/** Counts of nothing. */
export const noCounts = (): Counts => ({
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

const listOf = (reasons: ReadonlyMap<string, number>): readonly Reason[] =>
  [...reasons].map(([text, tasks]) => ({text, tasks})).sort((a, b) => b.tasks - a.tasks);

/** Keeps the slowest of the running tasks, so that a list of 100 000 is never sorted. */
function keepSlowest(running: RunningTask[], task: RunningTask): void {
  const last = running[LISTED - 1];
  if (last !== undefined && last.elapsed >= task.elapsed) return;
  const at = running.findIndex(other => other.elapsed < task.elapsed);
  running.splice(at < 0 ? running.length : at, 0, task);
  if (running.length > LISTED) running.pop();
}

/** Goes once over the tasks of a cell. */
export function summaryOf(view: CellView): CellSummary {
  const counts = noCounts();
  const names = new Map<string, {counts: Counts; time: TimeLeft}>();
  const running: RunningTask[] = [];
  const failed: FailedTask[] = [];
  const resting: RestingTask[] = [];
  let restingCount = 0;
  const blocked = new Map<string, number>();
  const missed = new Map<string, number>();
  const waitsFor = new Map<string, number>();
  let lastEnd = 0;
  let saved = 0;
  let looking = 0;
  for (const task of view.tasks) {
    const {state} = task;
    let row = names.get(task.name);
    if (row === undefined) names.set(task.name, (row = {counts: noCounts(), time: new TimeLeft()}));
    const look = lookOf(task);
    row.counts.total++;
    row.counts[look]++;
    if (state.is === 'queued' && look === 'waiting') row.counts.queued++;
    if (state.is === 'queued' && state.until !== undefined) {
      restingCount++;
      if (resting.length < LISTED) resting.push({task, state});
    }
    if (task.looking === true) looking++;
    if (state.is === 'done' && state.how === 'cached') saved += durationOf(state.manifest);
    row.time.add(state, view.now);
    if (isFinal(state) && look !== 'cached' && 'at' in state) lastEnd = Math.max(lastEnd, state.at);
    if (state.is === 'running') {
      const log = state.log === undefined ? {} : {log: state.log};
      keepSlowest(running, {task, elapsed: Math.max(0, view.now - state.at), ...log});
    } else if (state.is === 'failed') {
      if (failed.length < LISTED) failed.push({task, failure: state.failure});
    } else if (state.is === 'blocked') count(blocked, state.blocked.because);
    else if (state.is === 'waiting') for (const need of state.on) count(waitsFor, need);
    if (task.missed !== undefined) count(missed, task.missed);
  }
  for (const {name, done, looking: open, took, samples} of view.alike ?? []) {
    let row = names.get(name);
    if (row === undefined) names.set(name, (row = {counts: noCounts(), time: new TimeLeft()}));
    row.counts.total += done + open;
    row.counts.cached += done;
    row.counts.waiting += open;
    row.time.addAlike(done, open, samples);
    looking += open;
    saved += took;
  }
  for (const row of names.values()) {
    counts.total += row.counts.total;
    counts.queued += row.counts.queued;
    for (const look of LOOK_NAMES) counts[look] += row.counts[look];
  }
  const open = counts.running + counts.elsewhere + counts.waiting;
  const finished = open === 0 && view.pending === undefined;
  const known = view.pending === undefined && !finished && looking === 0;
  const left = known ? (TimeLeft.of([...names.values()].map(row => row.time)) ?? view.forecast?.()) : undefined;
  return {
    counts,
    names: [...names].map(([name, row]) => {
      const median = row.time.median;
      return {name, counts: row.counts, ...(median === undefined ? {} : {median})};
    }),
    running,
    failed,
    resting,
    restingCount,
    blocked: listOf(blocked),
    missed: listOf(missed),
    waitsFor: counts.running + counts.elsewhere + counts.queued > 0 ? [] : listOf(waitsFor).map(reason => reason.text),
    finished,
    looking,
    saved,
    ...(left === undefined ? {} : {left}),
    ...(finished && lastEnd > 0 ? {endedAt: lastEnd} : {}),
  };
}
