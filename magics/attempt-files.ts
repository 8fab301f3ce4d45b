import {lstatSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** What the names of Weft's own files begin with, as `kernel/store/list-outputs.ts` has it. */
const OWN = '.weft.';

/**
 * The files that a task has left in its directory, relative, with `/`, sorted; Weft's own at its top are none. A link is what it is, though it
 * leads to a directory: what lies behind it is not the task's.
 */
export function attemptFiles(directory: string, below = '.'): readonly string[] {
  const names: string[] = [];
  const walk = (name: string): void => {
    for (const entry of entriesOf(join(directory, name))) {
      if (name === '' && entry.name.startsWith(OWN)) continue;
      const inner = name === '' ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory()) walk(inner);
      else names.push(inner);
    }
  };
  walk(below === '.' ? '' : below);
  return names.sort();
}

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
