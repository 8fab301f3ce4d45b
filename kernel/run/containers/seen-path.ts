import {readlinkSync} from 'node:fs';
import {resolve} from 'node:path';
import type {Mount} from '../../graph/container.js';

/** Links that lead to each other are given up after so many. */
const MOST_LINKS = 40;

/**
 * Where a path of a container leads, through the symbolic links in it that mounts show. What no mount shows is taken as it is: a
 * runtime makes directories of it. Absolute and normal.
 */
export function seenPath(path: string, mounts: readonly Mount[]): string {
  let seen = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = throughFirstLink(seen, mounts);
    if (next === undefined) return seen;
    seen = next;
  }
  return path;
}

function throughFirstLink(path: string, mounts: readonly Mount[]): string | undefined {
  for (let end = path.indexOf('/', 1); ; end = path.indexOf('/', end + 1)) {
    const place = end < 0 ? path : path.slice(0, end);
    // The place of a mount is what is mounted there; a link of that name is hidden, or made a place by another mount.
    const outer = mounts
      .filter(({target}) => place !== target && place.startsWith(target === '/' ? '/' : `${target}/`))
      .sort((a, b) => b.target.length - a.target.length)[0];
    const text = outer === undefined ? undefined : linkAt(outer.source + place.slice(outer.target.length));
    if (text !== undefined) return resolve(place, '..', text) + path.slice(place.length);
    if (end < 0) return undefined;
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
