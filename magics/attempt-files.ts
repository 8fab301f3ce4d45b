import {lstatSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {isOwnFile, OWN} from '../kernel/graph/own-files.js';

/**
 * The files that a task has left in its directory, relative, with `/`, sorted; Weft's own at its top are none. A link is what it is, though it
 * leads to a directory: what lies behind it is not the task's.
 * @param links gets the names of those that are links
 */
export function attemptFiles(directory: string, below = '.', links: string[] = []): readonly string[] {
  const names: string[] = [];
  const walk = (name: string): void => {
    for (const entry of entriesOf(join(directory, name))) {
      if (name === '' && entry.name.startsWith(OWN)) continue;
      const inner = name === '' ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory() && !isUndecoded(join(directory, inner))) walk(inner);
      else names.push(inner);
      if (entry.isSymbolicLink()) links.push(inner);
    }
  };
  walk(below === '.' ? '' : below);
  return names.sort();
}

/** What a task has left that no result can hold, and that would be lost without a word; undefined: nothing. */
export function lostFile(directory: string, names: readonly string[]): string | undefined {
  const own = entriesOf(directory).find(({name}) => name.startsWith(OWN) && !isOwnFile(name));
  if (own !== undefined)
    return `it made \`${own.name}\`, and names that begin with \`${OWN}\` are Weft's own: name it otherwise`;
  const odd = names.find(name => isUndecoded(join(directory, name)));
  if (odd !== undefined) return `it made \`${odd}\`, whose name is no UTF-8: name it otherwise, or remove it`;
  return undefined;
}

/** Whether a path that was listed has bytes in it that are no UTF-8: under the text that came of them there is nothing. */
export const isUndecoded = (path: string): boolean =>
  path.includes('\uFFFD') && lstatSync(path, {throwIfNoEntry: false}) === undefined;

const entriesOf = (path: string): ReturnType<typeof readDirectory> => {
  try {
    return readDirectory(path);
  } catch {
    return [];
  }
};

const readDirectory = (path: string) => readdirSync(path, {withFileTypes: true});

/** Whether a name leads nowhere but into the directory itself: no directory on the way to it is a link. */
export function staysInside(directory: string, name: string): boolean {
  for (let parent = dirname(name); parent !== '.' && parent !== ''; parent = dirname(parent))
    if (lstatSync(join(directory, parent), {throwIfNoEntry: false})?.isDirectory() !== true) return false;
  return true;
}
