import type {ErrorContent} from '../wire/notebook.js';
import {INTERRUPTED} from './cell-error.js';
import type {MagicContext} from './magic.js';
import type {FutureNode} from './node.js';

/** Waits until all of some nodes have ended, those that come up meanwhile too. */
export async function settled(nodes: () => Iterable<FutureNode>): Promise<void> {
  for (let before = -1, now = 0; before !== now;) {
    const all = [...nodes()];
    before = all.length;
    await Promise.all(all.map(node => node.ended()));
    now = [...nodes()].length;
  }
}

/** With `%config settle cell`: waits for what a cell has made, so that clients that save a cell when it is over have its last display. */
export async function settleCell(cell: {
  readonly context: MagicContext;
  readonly nodes: readonly FutureNode[];
}): Promise<ErrorContent | undefined> {
  const {signal, settings} = cell.context;
  return settings.settle === 'cell' ? settleNodes(() => cell.nodes, signal) : undefined;
}

/** Waits until all of some nodes have ended. An interrupt ends the waiting, not the tasks. */
export function settleNodes(nodes: () => Iterable<FutureNode>, signal: AbortSignal): Promise<ErrorContent | undefined> {
  const interrupted = new Promise<ErrorContent>(resolve => {
    if (signal.aborted) resolve(INTERRUPTED);
    signal.addEventListener('abort', () => resolve(INTERRUPTED), {once: true});
  });
  return Promise.race([settled(nodes).then(() => undefined), interrupted]);
}
