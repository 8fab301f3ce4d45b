import {join} from 'node:path';
import type {Mount} from '../kernel/graph/container.js';
import {fileTargets, linkTargets} from './link-targets.js';
import {readOnly} from './host-places.js';

/** What a task reads of the host. Paths are absolute. */
export interface TaskPlaces {
  /** The notebook's directory. */
  readonly directory: string;
  /** Files and directories that are named. */
  readonly named: readonly string[];
  /** Root repositories: with what their links lead to. */
  readonly roots: readonly string[];
}

/** Of a root: results that need no search for links, as they hold none that lead out. */
const RERUNS = ['rerun'];

/** The read-only mounts of a task, its attempt left aside. */
export async function taskMounts({directory, named, roots}: TaskPlaces): Promise<readonly Mount[]> {
  const linked = await Promise.all(roots.map(root => linkTargets(root, RERUNS)));
  const behind = await fileTargets(named);
  return [
    {source: directory, target: directory, write: false},
    ...roots.map(root => ({source: root, target: root, write: false})),
    ...readOnly(new Set([...named, ...behind, ...linked.flat()])),
  ];
}

/** Places by which results can be read: a rerun needs its root and what that links to, others lie in the store. */
export function resultPlaces(
  directories: readonly string[],
  store: string,
): {readonly named: readonly string[]; readonly roots: readonly string[]} {
  const work = join(store, 'work');
  const named = new Set<string>();
  const roots = new Set<string>();
  for (const directory of directories) {
    const root = /^(.+)\/rerun\/weft\/[^/]+$/.exec(directory)?.[1];
    if (root !== undefined) roots.add(root);
    else named.add(directory.startsWith(`${work}/`) ? work : directory);
  }
  return {named: [...named], roots: [...roots]};
}
