import {Tally, type Counts, type FailedTask, type RestingTask, type RunningTask} from './tally.js';
import {TimeLeft} from './time-left.js';
import type {CellView} from './view.js';

/** The tasks of one name: a row of the table. */
export interface NameSummary {
  readonly name: string;
  readonly counts: Counts;
  /** Milliseconds that a task of this name took, the median of those that ran or were cached; absent without any. */
  readonly median?: number;
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
  /** At most `LISTED`, the slowest first. */
  readonly running: readonly RunningTask[];
  /** At most `LISTED`, in the order of the loop. */
  readonly failed: readonly FailedTask[];
  /** At most `LISTED`, in the order of the loop; and how many there are. */
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

/** Goes once over the tasks of a cell. */
export function summaryOf(view: CellView): CellSummary {
  const tally = new Tally(view.now);
  for (const task of view.tasks) tally.add(task);
  for (const alike of view.alike ?? []) tally.addAlike(alike);
  const {names, running, failed, resting, restingCount, looking, saved, lastEnd} = tally;
  const counts = tally.counts();
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
    blocked: listOf(tally.blocked),
    missed: listOf(tally.missed),
    waitsFor:
      counts.running + counts.elsewhere + counts.queued > 0 ? [] : listOf(tally.waitsFor).map(reason => reason.text),
    finished,
    looking,
    saved,
    ...(left === undefined ? {} : {left}),
    ...(finished && lastEnd > 0 ? {endedAt: lastEnd} : {}),
  };
}

const listOf = (reasons: ReadonlyMap<string, number>): readonly Reason[] =>
  [...reasons].map(([text, tasks]) => ({text, tasks})).sort((a, b) => b.tasks - a.tasks);
