import {readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Result} from '../kernel/graph/result.js';

/** A file that is longer is no script. */
const MOST_BYTES = 1 << 20;
/** A file that is longer is data, of which nothing is run. */
const LARGEST = 1 << 26;
/** Files that are looked at for one set-up. */
const MOST_FILES = 200;

/**
 * The files of the host that a set-up text names and a task sees, and those that these name in turn, by content; of directories,
 * which may be products, their tables. A set-up that was probed is probed again when one of them changes.
 * @param hostOf where a path lies on the host; undefined where the task does not see the host's file
 * @param home what `~` and `$HOME` mean in the text
 */
export async function setupFiles(
  text: string,
  directory: string,
  home: string,
  hostOf: (path: string) => string | undefined,
  digest: (path: string) => Promise<Result<Digest, string>>,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const read = async (words: string, bases: readonly string[]): Promise<void> => {
    for (const word of wordsOf(words, directory, home)) {
      for (const base of bases) {
        const path = resolve(base, word);
        if (found[path] !== undefined || Object.keys(found).length >= MOST_FILES) continue;
        const host = hostOf(path);
        const stats = host === undefined ? undefined : statSync(host, {throwIfNoEntry: false});
        if (host === undefined || stats === undefined) continue;
        if (stats.isDirectory()) {
          for (const table of tablesOf(host)) {
            const taken = await digest(join(host, 'ups', table));
            found[join(path, 'ups', table)] = taken.ok ? taken.value : 'unreadable';
          }
        } else if (stats.isFile()) {
          const taken = stats.size <= LARGEST ? await digest(host) : {ok: false as const};
          found[path] = taken.ok ? taken.value : 'unreadable';
          if (taken.ok && stats.size <= MOST_BYTES) await read(readFileSync(host, 'utf8'), [dirname(path), directory]);
        }
      }
    }
  };
  await read(text, [directory]);
  return found;
}

/** Whether files that a text names are as they were. */
export const sameFiles = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([path, digest]) => b[path] === digest);

/** Words of a bash text that may be paths: with a slash or a dot in them. Blanks in names are not seen. */
function wordsOf(text: string, directory: string, home: string): ReadonlySet<string> {
  const words = text
    .split(/[\s'"`;&|()<>=]+/)
    .map(word =>
      word.replace(/^~(?=\/)|^\$\{?HOME\}?(?=\/)/, () => home).replace(/^\$\{?PWD\}?(?=\/)/, () => directory),
    );
  return new Set(words.filter(word => /^[^$#*?-][^$*?]*$/.test(word) && word !== '.' && word !== '/'));
}

function tablesOf(directory: string): readonly string[] {
  try {
    return readdirSync(join(directory, 'ups'))
      .filter(name => name.endsWith('.table'))
      .sort();
  } catch {
    return [];
  }
}
