import type {TaskView} from '../graph/task.js';
import type {Bundle} from '../wire/notebook.js';
import {durationText} from './duration-text.js';
import {medianOf} from './median.js';
import {tableBundle} from './table.js';
import {durationOf} from './time-left.js';

/** How long the tasks of one name took. Durations are milliseconds. */
export interface Timing {
  readonly name: string;
  /** All tasks of the name, those not done too. */
  readonly tasks: number;
  /** How many ran here, or elsewhere while this kernel waited for them. */
  readonly ran: number;
  readonly cached: number;
  /** Of all that are done, cached ones too; absent of none. */
  readonly median?: number;
  readonly max?: number;
  /** Which one took longest. */
  readonly slowest?: string;
  /** Of what ran. */
  readonly spent: number;
  /** Of what was cached: the time that the cache saved. */
  readonly saved: number;
}

const total = (durations: readonly number[]): number => durations.reduce((sum, duration) => sum + duration, 0);

/** The timings of some tasks, a row for each task name, in the order in which the names come first. */
export function timingsOf(tasks: readonly TaskView[]): readonly Timing[] {
  const names = new Map<string, {tasks: number; ran: number[]; cached: number[]; max: number; slowest: string}>();
  for (const {name, key, state} of tasks) {
    let row = names.get(name);
    if (row === undefined) names.set(name, (row = {tasks: 0, ran: [], cached: [], max: -1, slowest: ''}));
    row.tasks++;
    if (state.is !== 'done') continue;
    const duration = durationOf(state.manifest);
    (state.how === 'cached' ? row.cached : row.ran).push(duration);
    if (duration <= row.max) continue;
    row.max = duration;
    row.slowest = key;
  }
  return [...names].map(([name, row]) => {
    const median = medianOf([...row.ran, ...row.cached]);
    return {
      name,
      tasks: row.tasks,
      ran: row.ran.length,
      cached: row.cached.length,
      ...(median === undefined ? {} : {median, max: row.max, slowest: row.slowest}),
      spent: total(row.ran),
      saved: total(row.cached),
    };
  });
}

/** `%timings`: how long the tasks took, and what the cache saved. */
export function timingsBundle(tasks: readonly TaskView[]): Bundle {
  const timings = timingsOf(tasks);
  if (timings.length === 0) return {'text/plain': 'no tasks yet'};
  const text = (duration: number | undefined): string =>
    duration === undefined || duration === 0 ? '–' : durationText(duration);
  const sum = (pick: (timing: Timing) => number): number => total(timings.map(pick));
  const rows = timings.map(timing => [
    timing.name,
    timing.tasks,
    timing.ran,
    timing.cached,
    text(timing.median),
    text(timing.max),
    timing.slowest ?? '',
    text(timing.spent),
    text(timing.saved),
  ]);
  const all = ['all', sum(one => one.tasks), sum(one => one.ran), sum(one => one.cached), '', '', ''];
  const right = 'right' as const;
  return tableBundle({
    columns: [
      {title: 'task'},
      {title: 'tasks', align: right},
      {title: 'ran', align: right},
      {title: 'cached', align: right},
      {title: 'median', align: right},
      {title: 'longest', align: right},
      {title: 'which'},
      {title: 'sum', align: right},
      {title: 'saved by the cache', align: right},
    ],
    rows: rows.length < 2 ? rows : [...rows, [...all, text(sum(one => one.spent)), text(sum(one => one.saved))]],
  });
}
