import {labelOf} from '../graph/work.js';
import type {Entry} from './entry.js';
import {soon} from './resting.js';
import type {Scheduler} from './scheduler.js';

/** Milliseconds after which what waits for others in its lane looks again at them: they may have come to wait for it. */
const AGAIN = 1000;

/** So many that are over are passed by before they are taken out. */
const PASSED = 32;

/** A task in its lane, as it was asked for. One that was asked for again has another place. */
interface Place {
  readonly entry: Entry;
  readonly askedAt: number;
}

/** Of each lane the tasks that may be open, in the order of asking, and the place of each. */
interface Lane {
  order: Place[];
  readonly places: Map<Entry, Place>;
}

const lanes = new WeakMap<Scheduler, Map<string, Lane>>();

/** A task was asked for: it has its place in its lane, behind all that were asked for before. */
export function takePlace(scheduler: Scheduler, entry: Entry): void {
  if (entry.lane === undefined) return;
  const lane = laneOf(scheduler, entry.lane);
  if (lane.places.get(entry)?.askedAt === entry.askedAt) return;
  const place: Place = {entry, askedAt: entry.askedAt};
  lane.places.set(entry, place);
  let at = lane.order.length;
  for (let last = lane.order[at - 1]; last !== undefined && isBefore(place, last); last = lane.order[at - 1]) at -= 1;
  lane.order.splice(at, 0, place);
}

/**
 * The last one that is still to run in a task's lane before it: that may make what its result says, or undo it. What waits for the task itself
 * is not before it.
 */
export function aheadInLane(scheduler: Scheduler, entry: Entry): Entry | undefined {
  const lane = entry.lane === undefined ? undefined : laneOf(scheduler, entry.lane);
  const place = lane?.places.get(entry);
  if (lane === undefined || place === undefined) return undefined;
  let behind: {readonly tasks: ReadonlySet<Entry>; readonly needed: boolean} | undefined;
  let passed = 0;
  for (let at = indexOf(lane.order, place) - 1; at >= 0; at--) {
    const before = lane.order[at];
    if (before === undefined) continue;
    const other = before.entry;
    if (!isOpen(lane, before)) passed += 1;
    else {
      behind ??= behindOf(entry);
      // What waits for its turn may wait for what needs this one.
      if (!behind.tasks.has(other) && !(behind.needed && other.awaits.length > 0)) {
        if (passed > PASSED) tidy(lane, place);
        return other;
      }
    }
  }
  if (passed > PASSED) tidy(lane, place);
  return undefined;
}

/** Waits for what is before a task in its lane, whatever comes of that; false if it was overtaken. */
export async function waitForLane(scheduler: Scheduler, entry: Entry): Promise<boolean> {
  const {round} = entry;
  let shown: Entry | undefined;
  for (let ahead = aheadInLane(scheduler, entry); ahead !== undefined; ahead = aheadInLane(scheduler, entry)) {
    if (ahead !== shown) scheduler.set(entry, {is: 'waiting', on: [labelOf(ahead.task)]});
    shown = ahead;
    await soon(AGAIN, ahead.ended());
    if (scheduler.closed || entry.round !== round || entry.state.is !== 'waiting') return false;
  }
  return true;
}

function laneOf(scheduler: Scheduler, name: string): Lane {
  const all = lanes.get(scheduler) ?? new Map<string, Lane>();
  lanes.set(scheduler, all);
  const lane = all.get(name) ?? {order: [], places: new Map<Entry, Place>()};
  all.set(name, lane);
  return lane;
}

/** All that waits for a task, with itself, and whether some of that has not ended. */
function behindOf(entry: Entry): {readonly tasks: ReadonlySet<Entry>; readonly needed: boolean} {
  const tasks = new Set([entry]);
  for (const each of tasks) for (const dependent of each.dependents) tasks.add(dependent);
  return {tasks, needed: [...tasks].some(each => each !== entry && !each.final)};
}

const isOpen = ({places}: Lane, place: Place): boolean => place.entry.open && places.get(place.entry) === place;

/** Takes out what is over, but for the place that is asked for. */
function tidy(lane: Lane, kept: Place): void {
  lane.order = lane.order.filter(place => {
    if (place === kept || isOpen(lane, place)) return true;
    if (lane.places.get(place.entry) === place) lane.places.delete(place.entry);
    return false;
  });
}

function indexOf(order: readonly Place[], place: Place): number {
  let [from, to] = [0, order.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = order[middle];
    if (other !== undefined && isBefore(other, place)) from = middle + 1;
    else to = middle;
  }
  return from;
}

const isBefore = (one: Place, other: Place): boolean =>
  one.askedAt === other.askedAt ? one.entry.order < other.entry.order : one.askedAt < other.askedAt;
