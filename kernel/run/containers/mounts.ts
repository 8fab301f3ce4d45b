import {existsSync} from 'node:fs';
import type {Mount} from '../../graph/container.js';
import {fail, ok, type Result} from '../../graph/result.js';
import type {ContainerProblem} from './runtime.js';

/**
 * The mounts that are needed of those that are asked for: each target once, outer before inner, without those that an outer one shows as
 * well. The error names a source that is not there.
 */
export function settleMounts(asked: readonly Mount[]): Result<readonly Mount[], ContainerProblem> {
  const byTarget = new Map<string, Mount>();
  for (const mount of asked) {
    const before = byTarget.get(mount.target);
    // Who writes needs it writable, whoever else only reads it. Of two sources the first stays: a person's come first.
    if (before === undefined) byTarget.set(mount.target, mount);
    else if (before.source === mount.source && mount.write) byTarget.set(mount.target, mount);
  }
  const ordered = [...byTarget.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
  const kept: Mount[] = [];
  for (const mount of ordered) {
    const outer = kept.findLast(({target}) => isInside(mount.target, target));
    const same =
      outer !== undefined &&
      outer.source + mount.target.slice(outer.target.length) === mount.source &&
      (outer.write || !mount.write);
    if (!same) kept.push(mount);
  }
  const missing = kept.find(({source}) => !existsSync(source));
  if (missing !== undefined)
    return fail({
      is: 'mount',
      message: `${missing.source} is to be mounted in the container, but it is not there`,
      remedy: 'make it, or mount something else with `%mount`',
    });
  return ok(kept);
}

/** Whether a path is another or lies in it. Both are absolute and normal. */
export const isInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(outer === '/' ? '/' : `${outer}/`);
