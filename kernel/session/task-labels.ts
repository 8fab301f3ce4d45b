import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {labelOf} from '../graph/work.js';
import type {Scheduler} from '../run/scheduler.js';
import type {Labeler} from '../show/change-text.js';
import type {Futures} from './futures.js';
import {madeBelow} from './node.js';

/** Names tasks by the futures that stand for them now, else by the tasks of this kernel, else by what the journals know. */
export function taskLabels(
  futures: Pick<Futures, 'named'>,
  scheduler: Pick<Scheduler, 'entry'>,
  store: {previous(fingerprint: Fingerprint): Manifest | undefined},
): Labeler {
  let names: Map<Fingerprint, string> | undefined;
  const namesNow = (): Map<Fingerprint, string> => {
    const found = new Map<Fingerprint, string>();
    for (const [, node] of futures.named())
      for (const task of madeBelow(node))
        if (task.fingerprint !== undefined && task.name !== '_') found.set(task.fingerprint, task.label);
    return found;
  };
  return fingerprint => {
    const entry = scheduler.entry(fingerprint);
    const label = entry === undefined ? store.previous(fingerprint)?.label : labelOf(entry.task);
    if (label === undefined) return undefined;
    const name = (names ??= namesNow()).get(fingerprint);
    return {label, ...(name === undefined ? {} : {name})};
  };
}
