import {existsSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {basename, join, resolve} from 'node:path';
import {STORE_MARK} from '../fingerprint/directory-tree.js';
import {codeOf} from '../fingerprint/file-problem.js';
import {makeDirectorySync} from '../fingerprint/make-directory.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

const OWN = '.weft';

/** Where the store of the notebooks in a directory lies unless it was moved. */
export const ownStore = (directory: string): string => join(directory, OWN);

/** The file in `.weft` that says where the store is instead: the path as it was typed, so that a relative one moves with its notebook. */
const POINTER = 'store';

/** What a store has at its top: a directory with anything else is somebody's. */
const PARTS: ReadonlySet<string> = new Set([
  'claims',
  'pins',
  'probes',
  'runs',
  'scratch',
  'setups',
  'work',
  'history',
  'stat-cache.jsonl',
  'runtimes',
  '.gitignore',
  POINTER,
  STORE_MARK,
]);

/** The store of the notebooks in a directory, absolute: `.weft`, or what `%config store` named there last. */
export function storeOf(directory: string): string {
  const own = ownStore(directory);
  try {
    const typed = readFileSync(join(own, POINTER), 'utf8').replace(/\n$/, '');
    return typed === '' ? own : resolve(directory, typed);
  } catch {
    return own;
  }
}

/** Notes for `weft` and for later kernels where the store of the notebooks in a directory is. The path is kept as it is given. */
export function noteStore(directory: string, path: string): Result<undefined, StoreProblem> {
  const own = ownStore(directory);
  const pointer = join(own, POINTER);
  try {
    if (isSamePlace(resolve(directory, path), own)) rmSync(pointer, {force: true});
    else {
      makeDirectorySync(own);
      writeFileSync(pointer, `${path}\n`);
    }
    return ok(undefined);
  } catch (error) {
    return fail(writeProblem(pointer, error));
  }
}

/** Whether two paths lead to one directory, or are alike where there is none. */
export const isSamePlace = (a: string, b: string): boolean => realOf(a) === realOf(b);

/**
 * Makes a directory that can be a store: a new one, an empty one, or one that is a store already. What else lies in a directory is
 * somebody's, and would be among results, and looked through for leftovers.
 * @param directory absolute
 */
export function makePlace(directory: string): Result<undefined, StoreProblem> {
  try {
    if (existsSync(directory)) {
      if (!statSync(directory).isDirectory())
        return fail({message: `${directory} is no directory`, remedy: 'name another directory'});
      const names = readdirSync(directory);
      const strange = names.find(name => !PARTS.has(name));
      if (strange !== undefined && basename(directory) !== OWN && !names.includes(STORE_MARK) && !hasRuns(directory))
        return fail({
          message: `${directory} has other things in it, such as ${strange}`,
          remedy: 'name a new directory, an empty one, or one that is a store already',
        });
    } else {
      makeDirectorySync(directory);
      // Results are no source code: git need not see them.
      writeFileSync(join(directory, '.gitignore'), '*\n');
    }
    const probe = join(directory, `.probe-${randomUUID()}`);
    writeFileSync(probe, '');
    rmSync(probe);
    if (basename(directory) !== OWN)
      writeFileSync(join(directory, STORE_MARK), 'The results of a notebook: see `%config store`.\n');
    return ok(undefined);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTDIR') return refused(directory, 'a part of its path is no directory');
    if (code === 'EEXIST') return refused(directory, 'it is a link that leads nowhere');
    if (code === 'ERR_INVALID_ARG_VALUE') return refused('it', 'no path has such characters');
    return fail(writeProblem(directory, error));
  }
}

const refused = (place: string, why: string): Result<undefined, StoreProblem> =>
  fail({message: `${place} can't be made: ${why}`, remedy: 'name another directory'});

/** Whether there are journals: a store that was made otherwise, or by hand. */
function hasRuns(directory: string): boolean {
  try {
    return readdirSync(join(directory, 'runs')).some(name =>
      /^[0-9a-f]{8}(-[0-9a-f]{4}){4}[0-9a-f]{8}\.jsonl$/.test(name),
    );
  } catch {
    return false;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
