import type {Task} from '../graph/work.js';

/**
 * What an entry does from now on, for which a task of the same fingerprint was submitted again: with the work of the one that takes any
 * result, where only one of both does. What one may not have is no reason to keep it from the other; who wants more looks at the
 * result himself.
 * @param again the new one takes the place of the old one
 */
export function joinedTask(old: Task, task: Task, again: boolean): Task {
  const joined = again ? task : old;
  const other = again ? old : task;
  if (joined.lacks === undefined || other.lacks !== undefined) return joined;
  const {lacks: _, ...rest} = joined;
  return {...rest, work: other.work};
}
