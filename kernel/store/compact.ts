import {open, readFile, readdir, rename, rm, stat, type FileHandle} from 'node:fs/promises';
import {join} from 'node:path';
import {v7 as uuid} from 'uuid';
import {fail, ok, type Result} from '../graph/result.js';
import {isAlive} from './host.js';
import {JOURNAL_VERSION} from './journal-record.js';
import {writeProblem, type StoreProblem} from './problem.js';
import {isObject} from './record.js';

/** Days after which a journal of another host, where nothing is known of its kernel, counts as finished. */
const DAYS = 7;

const NEWLINE = 10;

/**
 * Puts the journals of runs that are over together to one, if there are more of them than `limit`: each costs every kernel a
 * look. Journals are a union, so it does no harm to be killed midway, to do it twice, or to read meanwhile.
 * @param runs the directory of the journals
 * @param own the journal that is never touched
 * @returns how many journals were put together
 */
export async function compactJournals(runs: string, own: string, limit = 64): Promise<Result<number, StoreProblem>> {
  const names = (await readdir(runs).catch(() => [])).filter(name => name.endsWith('.jsonl') && name !== own).sort();
  if (names.length <= limit) return ok(0);
  const name = `${uuid()}.jsonl`;
  const temporary = join(runs, `.${name}`);
  try {
    const merged = await open(temporary, 'wx');
    const taken: string[] = [];
    try {
      for (const old of names) if (await append(merged, join(runs, old))) taken.push(old);
      await merged.datasync();
    } finally {
      await merged.close();
    }
    if (taken.length < 2) {
      await rm(temporary);
      return ok(0);
    }
    await rename(temporary, join(runs, name));
    await Promise.all(taken.map(old => rm(join(runs, old), {force: true})));
    return ok(taken.length);
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    return fail(writeProblem(runs, error));
  }
}

/** Copies the whole lines of a journal, if its run is over. */
async function append(merged: FileHandle, path: string): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined) return false;
  const first = content.indexOf(NEWLINE);
  if (first < 0 || !(await isOver(content.toString('utf8', 0, first), path))) return false;
  await merged.writeFile(content.subarray(0, content.lastIndexOf(NEWLINE) + 1));
  return true;
}

async function isOver(header: string, path: string): Promise<boolean> {
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
  const age = Date.now() - (await stat(path)).mtimeMs;
  return age > DAYS * 86_400_000;
}
