import {open, readFile, readdir, rename, rm, stat, type FileHandle} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {v7 as uuid} from 'uuid';
import {fail, ok, type Result} from '../graph/result.js';
import {isAlive} from '../machine/process-life.js';
import {HOUR} from './leftovers.js';
import {JOURNAL_VERSION} from './journal-record.js';
import {writeProblem, type StoreProblem} from './problem.js';
import {isObject} from './record.js';

/** Days after which a journal of another host, where nothing is known of its kernel, counts as finished. */
const DAYS = 7;

const NEWLINE = 10;

/** Bytes above which a journal is left as it is: what was put together often enough is not copied for ever. */
const LARGE = 4 * 1024 * 1024;

/**
 * Puts the journals of runs that are over together to one, if there are more small ones than `limit`: each costs every kernel
 * a look. Journals are a union, so it does no harm to be killed midway, to do it twice, or to read meanwhile.
 * @param runs the directory of the journals
 * @param own the journal that is never touched
 * @param step called before each step, with its name: for tests
 * @returns how many journals were put together
 */
export async function compactJournals(
  runs: string,
  own: string,
  limit = 64,
  step: (name: string) => void = () => undefined,
): Promise<Result<number, StoreProblem>> {
  const names = await smallJournals(runs, own);
  if (names.length <= limit) return ok(0);
  const name = `${uuid()}.jsonl`;
  const temporary = join(runs, `.${name}`);
  try {
    step('open');
    const merged = await open(temporary, 'wx');
    const taken: string[] = [];
    try {
      // Clocks of two hosts are not compared: this file's time is by the same one as the others'.
      const now = (await merged.stat()).mtimeMs;
      for (const old of names) {
        step('copy');
        if (await append(merged, join(runs, old), now)) taken.push(old);
      }
      step('sync');
      await merged.datasync();
    } finally {
      await merged.close();
    }
    if (taken.length < 2) {
      await rm(temporary);
      return ok(0);
    }
    step('rename');
    await rename(temporary, join(runs, name));
    step('sync directory');
    await syncDirectory(runs);
    for (const old of taken) {
      step('remove');
      await rm(join(runs, old), {force: true});
    }
    return ok(taken.length);
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    return fail(writeProblem(runs, error));
  }
}

async function smallJournals(runs: string, own: string): Promise<readonly string[]> {
  const names = (await readdir(runs).catch(() => [])).filter(name => name.endsWith('.jsonl') && name !== own).sort();
  const sizes = await Promise.all(names.map(async name => (await stat(join(runs, name)).catch(() => undefined))?.size));
  return names.filter((_, at) => (sizes[at] ?? LARGE) < LARGE);
}

/** The new name is on the disk before the old ones go. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch {
    // Some file systems sync no directories; they write names in their order.
  } finally {
    await directory.close();
  }
}

/** Copies the whole lines of a journal, if its run is over. */
async function append(merged: FileHandle, path: string, now: number): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined) return false;
  const first = content.indexOf(NEWLINE);
  // What was begun to be put together, and is empty: its maker was killed.
  if (first < 0) return basename(path).startsWith('.') && now - (await stat(path)).mtimeMs > HOUR;
  if (!(await isOver(content.toString('utf8', 0, first), path, now))) return false;
  await merged.writeFile(content.subarray(0, content.lastIndexOf(NEWLINE) + 1));
  return true;
}

async function isOver(header: string, path: string, now: number): Promise<boolean> {
  let run: unknown;
  try {
    run = JSON.parse(header);
  } catch {
    return false;
  }
  if (!isObject(run) || run['is'] !== 'run' || run['version'] !== JOURNAL_VERSION) return false;
  const {pid, startTime, host, bootId, space} = run;
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof bootId !== 'string') return false;
  const life =
    typeof startTime === 'string'
      ? isAlive({pid, startTime, host, bootId, ...(typeof space === 'string' ? {space} : {})})
      : 'unknown';
  if (life !== 'unknown') return life === 'dead';
  return now - (await stat(path)).mtimeMs > DAYS * 86_400_000;
}
