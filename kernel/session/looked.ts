import type {Futures} from './futures.js';
import type {FutureNode, TaskNode} from './node.js';
import {tasksOf} from './node.js';
import {within} from './within.js';

/** Milliseconds for which a cell's first display waits for the look at what is cached. */
const LIMIT = 80;

/** Waits until the first display of a cell can say what is cached and what will run; not for what depends on values that nobody knows yet. */
export async function lookedFor(nodes: readonly FutureNode[], futures: Futures): Promise<void> {
  const tasks = nodes.flatMap(tasksOf).filter(isPlain);
  if (tasks.length > 0)
    await within(
      LIMIT,
      Promise.all(tasks.map(task => task.known())).then(() => futures.looked()),
    );
}

/** Whether what a task is depends on nothing that is still to be made. */
const isPlain = (task: TaskNode): boolean =>
  task.draft.needs.every(need => tasksOf(need).every(({kind, entry}) => kind !== 'value' && entry !== undefined));
