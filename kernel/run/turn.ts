import type {Entry} from './entry.js';
import type {Scheduler} from './scheduler.js';

/** The looks by which tasks that are about to be queued find out whether it is their turn: these wait for nobody. */
const looks = new WeakMap<Scheduler, Set<Promise<unknown>>>();

/** Whether tasks are about to be queued. */
export const areLooking = (scheduler: Scheduler): boolean => (looks.get(scheduler)?.size ?? 0) > 0;

/** Resolves when none is any more. */
export async function turnsTaken(scheduler: Scheduler): Promise<void> {
  for (let open = looks.get(scheduler); open !== undefined && open.size > 0; open = looks.get(scheduler)) {
    await Promise.all(open);
    // What was looked at goes on first.
    await new Promise(resolve => setImmediate(resolve));
  }
}

function noteLook(scheduler: Scheduler, look: Promise<unknown>): void {
  const open = looks.get(scheduler) ?? new Set();
  looks.set(scheduler, open);
  open.add(look);
  // Who has looked is queued within this turn of the event loop.
  void look.finally(() => setImmediate(() => open.delete(look)));
}

/** Waits, without a slot, until it is a task's turn; false if it was overtaken: by its end, or by a need that is made again. */
export async function takeTurn(scheduler: Scheduler, entry: Entry): Promise<boolean> {
  const {round} = entry;
  const left = (): boolean => entry.round !== round || entry.state.is !== 'waiting';
  for (let turn = entry.task.turn?.(); turn !== undefined; turn = entry.task.turn?.()) {
    entry.awaits = turn.on;
    if (entry.state.is !== 'waiting' || entry.state.on.join() !== turn.on.join())
      scheduler.set(entry, {is: 'waiting', on: turn.on});
    if (turn.on.length === 0) noteLook(scheduler, turn.until);
    await turn.until;
    entry.awaits = [];
    if (left()) return false;
    if (!scheduler.isReady(entry)) {
      scheduler.advance(entry);
      return false;
    }
  }
  return true;
}
