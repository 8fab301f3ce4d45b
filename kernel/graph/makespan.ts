/** A task that is still to be done, as an estimate sees it. */
export interface Outstanding {
  /** Milliseconds that it will still take. */
  readonly duration: number;
  /** Slots that it takes; 0 for one that takes none of ours: another kernel runs it, or it needs no process. */
  readonly slots: number;
  /** Tasks of one lane come one after the other. */
  readonly lane?: string;
  /** What it waits for, by places in the list; each is smaller than its own. */
  readonly after: readonly number[];
}

/**
 * Milliseconds until some tasks are done, if each starts as soon as a slot is free and what it waits for is done: by going through them
 * level by level, in their order. Costs about the number of tasks times that of slots.
 */
export function makespan(tasks: readonly Outstanding[], slots: number): number {
  const free = new Float64Array(Math.max(1, slots));
  const ends = new Float64Array(tasks.length);
  const lanes = new Map<string, number>();
  let last = 0;
  for (const at of byLevel(tasks)) {
    const task = tasks[at];
    if (task === undefined) continue;
    let start = 0;
    for (const need of task.after) start = Math.max(start, ends[need] ?? 0);
    if (task.lane !== undefined) start = Math.max(start, lanes.get(task.lane) ?? 0);
    const end = task.slots < 1 ? start + task.duration : take(free, Math.min(free.length, task.slots), start, task);
    ends[at] = end;
    if (task.lane !== undefined) lanes.set(task.lane, end);
    last = Math.max(last, end);
  }
  return last;
}

/** Takes the slots that are free first. When the task ends. */
function take(free: Float64Array, count: number, from: number, {duration}: Outstanding): number {
  if (count === 1) {
    let first = 0;
    for (let at = 1; at < free.length; at++) if ((free[at] ?? 0) < (free[first] ?? 0)) first = at;
    return (free[first] = Math.max(from, free[first] ?? 0) + duration);
  }
  free.sort();
  const end = Math.max(from, free[count - 1] ?? 0) + duration;
  free.fill(end, 0, count);
  return end;
}

/** Places in the list: first what waits for nothing, then what waits for that, and so on. */
function byLevel(tasks: readonly Outstanding[]): Iterable<number> {
  const levels: number[][] = [];
  const level = new Uint32Array(tasks.length);
  for (let at = 0; at < tasks.length; at++) {
    let own = 0;
    for (const need of tasks[at]?.after ?? []) own = Math.max(own, (level[need] ?? 0) + 1);
    level[at] = own;
    (levels[own] ??= []).push(at);
  }
  return levels.flat();
}
