import {isFinal} from '../graph/task.js';
import {runAgainWords} from '../show/run-again.js';
import type {ChangeText} from '../show/change-text.js';
import type {TaskNode} from './node.js';

/** How many tasks of a cell are compared with earlier runs. */
const MOST = 20;

/** Why the tasks of a cell run that were expected to be cached: what has changed since such a task ran the last time. */
export class AgainMark {
  readonly #seen = new Set<TaskNode>();
  readonly #changes = new Map<TaskNode, readonly ChangeText[]>();
  #asked: TaskNode[] = [];
  #more = false;

  /** Nothing more is compared. */
  get full(): boolean {
    return this.#more;
  }

  /** Looks at a task that has changed; costs next to nothing. True if it is to be compared. */
  see(node: TaskNode): boolean {
    if (this.#more || this.#seen.has(node) || !isMissed(node)) return false;
    if (this.#seen.size >= MOST) {
      this.#more = true;
      return false;
    }
    this.#seen.add(node);
    this.#asked.push(node);
    return true;
  }

  /** What is to be compared: given once. */
  take(): readonly TaskNode[] {
    return this.#asked.splice(0);
  }

  /** What has changed of a task; nothing for a first run. True if there is something to say. */
  learn(node: TaskNode, changes: readonly ChangeText[]): boolean {
    if (changes.length > 0) this.#changes.set(node, changes);
    return changes.length > 0;
  }

  /** @param alone the cell has one task only */
  words(alone: boolean): readonly string[] {
    if (this.#changes.size === 0) return [];
    const again = [...this.#changes].flatMap(([{state}, changes]) =>
      state.is === 'done' && state.how === 'cached' ? [] : [{changes, open: !isFinal(state) || state.is === 'blocked'}],
    );
    return runAgainWords(again, alone, this.#more);
  }
}

/** Whether its result was looked for and is not there. One that was refused, or forced, says so itself. */
function isMissed({entry}: TaskNode): boolean {
  if (entry?.checked !== true || entry.missed !== undefined || entry.force || entry.forced) return false;
  const {state} = entry;
  if (state.is === 'waiting') return !entry.undecided && !entry.elsewhere;
  return state.is !== 'cancelled' && (state.is !== 'done' || state.how !== 'cached');
}
