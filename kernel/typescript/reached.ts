import {heldBy} from './future.js';
import type {Futures} from './futures.js';
import type {FutureRef, ToUser} from './messages.js';
import type {Names} from './names.js';

/** What a text has in it that may be the path of a result, or a placeholder. */
const PLACE = /\/work\/|\/rerun\/weft\/|\/weft:/;

/** A text that is longer is no path. */
const LONGEST = 8192;

/** From so many objects on, the rest is not looked at: a picture's pixels hold no future. */
const MOST = 1_000_000;

/** The answer to the kernel's question for names, or for what they reach. */
export const namesFor = (
  {reached}: Extract<ToUser, {type: 'names'}>,
  names: Names,
  futures: Futures,
): readonly string[] => (reached ? reachedBy(names, futures) : names.list());

/**
 * What the names of the notebook still reach: the ids of futures and sets, by their handles or by what was awaited from them, and texts that
 * may name results by their paths. It looks into lists, objects and maps, and runs no getter. What only a function holds is not found.
 */
function reachedBy(names: Names, futures: Futures): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<object>();
  const open: unknown[] = names.list().map(name => names.plain(name));
  const add = (ref: FutureRef): void => {
    found.add(ref.id);
    for (const member of futures.unsentMembers(ref) ?? []) add(member.future);
  };
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && value.length <= LONGEST && PLACE.test(value)) found.add(value);
    if (typeof value !== 'object' || value === null || seen.has(value) || seen.size > MOST) continue;
    seen.add(value);
    const held = heldBy(value);
    if (held) add(held.ref);
    else for (const part of partsOf(value)) if (typeof part === 'object' || typeof part === 'string') open.push(part);
  }
  return [...found];
}

function partsOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value)) return [];
  try {
    if (Array.isArray(value)) return value as readonly unknown[];
    const own = Object.values(Object.getOwnPropertyDescriptors(value)).map(property => property.value as unknown);
    if (value instanceof Map) return [...(value as Map<unknown, unknown>), ...own];
    return value instanceof Set ? [...(value as Set<unknown>), ...own] : own;
  } catch {
    // A proxy of the user's that does not want to be looked at.
    return [];
  }
}
