import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Scheduler} from '../run/scheduler.js';
import type {Labeler} from '../show/change-text.js';
import {readSetup} from '../store/setup-record.js';
import type {Store} from '../store/store.js';
import {Comparisons} from './comparisons.js';
import {reached} from './control.js';
import {EarlierRuns} from './earlier.js';
import type {Futures} from './futures.js';
import {taskLabels} from './task-labels.js';

/** What a notebook knows of earlier runs of its tasks. */
export interface Past {
  readonly earlier: EarlierRuns;
  /** Names tasks of other runs, and those of this one, as things are now. */
  readonly labels: () => Labeler;
  readonly comparisons: Comparisons;
}

function namesOf(futures: Futures, fingerprint: Fingerprint): readonly string[] {
  const names: string[] = [];
  for (const node of futures.all()) if (node.is === 'task' && node.fingerprint === fingerprint) names.push(node.name);
  return names;
}

/**
 * Reads the past of a notebook from the journals of its store.
 * @param store gives it, each time
 */
export function pastOf(futures: Futures, scheduler: Scheduler, store: () => Store): Past {
  const earlier = new EarlierRuns({
    labelled: wanted => {
      const from = store();
      return from.known().then(() => from.labelled(wanted));
    },
    held: () => reached(futures, scheduler),
    planned: fingerprint => scheduler.entry(fingerprint) !== undefined,
    names: fingerprint => namesOf(futures, fingerprint),
  });
  const labels = (): Labeler => {
    const from = store();
    return Object.assign(taskLabels(futures, scheduler, from), {
      setupOf: (identity: string) => readSetup(from.directory, identity),
    });
  };
  return {earlier, labels, comparisons: new Comparisons(earlier, labels)};
}
