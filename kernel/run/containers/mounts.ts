import {existsSync, realpathSync} from 'node:fs';
import type {Mount} from '../../graph/container.js';
import {fail, ok, type Result} from '../../graph/result.js';
import {seenPath} from './seen-path.js';
import type {ContainerProblem} from './runtime.js';

/**
 * The mounts that are needed of those that are asked for: each target once, outer before inner, without those that an outer one shows as
 * well; what is read-only in a place that may be written stays so. Where a symbolic link that the container sees leads to a target, the
 * target is what it leads to, as a mount can't lie behind a link. The error names a source that is not there.
 */
export function settleMounts(asked: readonly Mount[]): Result<readonly Mount[], ContainerProblem> {
  const byTarget = new Map<string, Mount>();
  for (const mount of straighten(asked)) {
    const before = byTarget.get(mount.target);
    // Who writes needs it writable, whoever else only reads it. Of two sources the first stays: a person's come first.
    if (before === undefined) byTarget.set(mount.target, mount);
    else if (mount.write && !before.write && isSame(before.source, mount.source)) byTarget.set(mount.target, mount);
  }
  const ordered = [...byTarget.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
  const kept: Mount[] = [];
  for (const mount of ordered) {
    const outer = kept.findLast(({target}) => isInside(mount.target, target));
    const shown =
      outer !== undefined &&
      outer.write === mount.write &&
      isSame(outer.source + mount.target.slice(outer.target.length), mount.source);
    if (!shown) kept.push(mount);
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

/** The same mounts with targets as the container resolves them, through links that other mounts show it. */
function straighten(asked: readonly Mount[]): readonly Mount[] {
  let mounts = asked;
  // A target that has moved may show another link.
  for (let round = 0; round < 4; round++) {
    const before = mounts;
    mounts = before.map(mount => ({...mount, target: seenPath(mount.target, before)}));
    if (mounts.every(({target}, at) => target === before[at]?.target)) break;
  }
  return mounts;
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** Whether a path is another or lies in it. Both are absolute and normal. */
export const isInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(outer === '/' ? '/' : `${outer}/`);
