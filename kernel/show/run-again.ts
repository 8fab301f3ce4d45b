import type {ChangeText} from './change-text.js';
import {some} from './cell-words.js';
import {shorten} from './clean-text.js';

/** A task that runs though one of its name has run before, and what has changed since. */
export interface RunAgain {
  /** At least one. */
  readonly changes: readonly ChangeText[];
  /** Whether it is still to be made, or being made. */
  readonly open: boolean;
}

/** How many changes of one task are named, and how many groups of tasks. */
const CHANGES = 3;
const GROUPS = 3;

function list(words: Iterable<string>): string {
  const all = [...new Set(words)];
  const more = all.length - CHANGES;
  return `${all.slice(0, CHANGES).join(', ')}${more > 0 ? ` and ${some(more, 'other change')}` : ''}`;
}

/**
 * Why tasks of a cell run again, a line for those of which the same changed: ``12 run again: `radius` was 2, is 3``.
 * @param alone the cell has one task only, which is not counted then
 * @param more there are others of which nothing is known
 */
export function runAgainWords(tasks: readonly RunAgain[], alone: boolean, more = false): readonly string[] {
  const groups = new Map<string, {count: number; open: boolean; readonly words: Set<string>}>();
  for (const {changes, open} of tasks) {
    const common = list(changes.map(change => change.common));
    let group = groups.get(common);
    if (group === undefined) groups.set(common, (group = {count: 0, open: false, words: new Set()}));
    group.count++;
    group.open ||= open;
    group.words.add(list(changes.map(({short}) => short)));
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.count - a.count);
  const shown = sorted.slice(0, GROUPS).map(([common, {count, open, words}]) => {
    const [only] = words;
    const what = words.size === 1 && only !== undefined ? only : common;
    const who = alone ? '' : `${more ? 'at least ' : ''}${count} `;
    const verb = !open ? 'ran' : alone || count === 1 ? 'runs' : 'run';
    return shorten(`${who}${verb} again: ${what}`, 300);
  });
  const rest = sorted.slice(GROUPS).reduce((sum, [, {count}]) => sum + count, 0);
  return rest === 0 ? shown : [...shown, `${rest} more for other reasons`];
}

/** `60 tasks: 48 cached, 12 not`. */
export const countCached = (total: number, missed: number): string =>
  `${some(total, 'task')}: ${missed === 0 ? 'all cached' : missed === total ? 'none cached' : `${total - missed} cached, ${missed} not`}`;
