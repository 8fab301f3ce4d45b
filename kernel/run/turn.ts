import type {Entry} from './entry.js';
import type {Scheduler} from './scheduler.js';

/** Waits, without a slot, until it is a task's turn; false if it was overtaken: by its end, or by a need that is made again. */
export async function takeTurn(scheduler: Scheduler, entry: Entry): Promise<boolean> {
  const {round} = entry;
  const left = (): boolean => entry.round !== round || entry.state.is !== 'waiting';
  for (let turn = entry.task.turn?.(); turn !== undefined; turn = entry.task.turn?.()) {
    entry.awaits = turn.on;
    if (entry.state.is !== 'waiting' || entry.state.on.join() !== turn.on.join())
      scheduler.set(entry, {is: 'waiting', on: turn.on});
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
