import type {CellOutput, ExecuteRequest} from '../wire/notebook.js';
import type {Displays} from './displays.js';
import type {Futures} from './futures.js';
import type {FutureNode, TaskNode} from './node.js';
import {madeBelow} from './node.js';
import {seriesOf} from './series.js';
import {within} from './within.js';

/** Milliseconds for which a cell's first display waits for the look at what is cached. */
const LIMIT = 80;

/** Waits until the first display of a cell can say what is cached and what will run; not for what depends on values that nobody knows yet. */
async function lookedFor(nodes: readonly FutureNode[], futures: Futures): Promise<void> {
  const tasks = nodes.flatMap(madeBelow).filter(isPlain);
  const loops = nodes.flatMap(node => (node.is === 'set' ? (seriesOf(node.members ?? []) ?? []) : []));
  if (tasks.length + loops.length > 0)
    await within(
      LIMIT,
      Promise.all([...tasks.map(task => task.known()), ...loops.map(loop => loop.look())]).then(() => futures.looked()),
    );
}

/** Whether what a task is depends on nothing that is still to be made. */
const isPlain = (task: TaskNode): boolean =>
  task.draft.needs.every(need => madeBelow(need).every(({kind, entry}) => kind !== 'value' && entry !== undefined));

/** Shows what a cell has made, as soon as it can be said what of it is cached. */
export async function openDisplay(
  title: string,
  nodes: readonly FutureNode[],
  {request, output}: {readonly request: ExecuteRequest; readonly output: CellOutput},
  {displays, futures}: {readonly displays: Displays; readonly futures: Futures},
): Promise<void> {
  await lookedFor(nodes, futures);
  displays.open(title, nodes, output, {cell: `cell [${request.count}]`, code: request.code});
}
