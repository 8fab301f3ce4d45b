import {labelOf} from '../graph/work.js';
import type {Entry} from './entry.js';
import {soon} from './resting.js';
import type {Scheduler} from './scheduler.js';

/** Milliseconds after which what waits for others in its lane looks again at them: they may have come to wait for it. */
const AGAIN = 1000;

/**
 * What is still to run in a task's lane before it: that may make what its result says, or undo it. What waits for the task itself is not
 * before it.
 */
export function aheadInLane(scheduler: Scheduler, entry: Entry): readonly Entry[] {
  const {lane} = entry;
  if (lane === undefined) return [];
  const ahead = [...scheduler.entries()].filter(
    other => other !== entry && other.lane === lane && other.open && isBefore(other, entry),
  );
  if (ahead.length === 0) return ahead;
  const behind = new Set([entry]);
  for (const each of behind) for (const dependent of each.dependents) behind.add(dependent);
  const needed = [...behind].some(each => each !== entry && !each.final);
  // What waits for its turn may wait for what needs this one.
  return ahead.filter(other => !behind.has(other) && !(needed && other.awaits.length > 0));
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.askedAt === other.askedAt ? one.order < other.order : one.askedAt < other.askedAt;

/** Waits for what is before a task in its lane, whatever comes of that; false if it was overtaken. */
export async function waitForLane(scheduler: Scheduler, entry: Entry): Promise<boolean> {
  const {round} = entry;
  for (let ahead = aheadInLane(scheduler, entry); ahead.length > 0; ahead = aheadInLane(scheduler, entry)) {
    scheduler.set(entry, {is: 'waiting', on: ahead.map(({task}) => labelOf(task))});
    await soon(AGAIN, Promise.all(ahead.map(other => other.ended())));
    if (scheduler.closed || entry.round !== round || entry.state.is !== 'waiting') return false;
  }
  return true;
}
