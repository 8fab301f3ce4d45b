import {linkSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import type {Holder} from '../graph/holder.js';

/** The file in an attempt's directory that names its runner. */
export const RUNNER = '.weft.runner';

/** Where each runner's mark was written last: the next one is a name of the same file, as long as that is there. */
const marks = new Map<string, string>();

/** Runners whose marks are remembered. */
const MOST = 64;

/** Notes in an attempt's directory which runner has it, before the runner is given it. */
export function writeHolder(directory: string, {directory: _, ...stamp}: Holder): void {
  const path = join(directory, RUNNER);
  const text = JSON.stringify(stamp);
  try {
    // The job is given away after this: who is killed meanwhile leaves a part of it to nobody.
    place(path, text);
    return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return;
  }
  try {
    // Another runner may have the job. In one step: who is killed meanwhile leaves no half of it.
    rmSync(`${path}~`, {force: true});
    place(`${path}~`, text);
    renameSync(`${path}~`, path);
    marks.set(text, path);
  } catch {
    // Only who adopts it would miss it; the job itself says what is wrong with its directory.
  }
}

/** Who has the attempt in a directory; undefined if nobody was given it, or that can't be read. */
export function readHolder(directory: string): Holder | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(directory, RUNNER), 'utf8')) as Omit<Holder, 'directory'>;
    return {...stamp, directory};
  } catch {
    return undefined;
  }
}

function place(path: string, text: string): void {
  const last = marks.get(text);
  marks.delete(text);
  try {
    if (last === undefined || dirname(last) === dirname(path)) throw new Error('there is none');
    linkSync(last, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    writeFileSync(path, text, {flag: 'wx'});
  }
  marks.set(text, path);
  const [oldest] = marks.keys();
  if (marks.size > MOST && oldest !== undefined) marks.delete(oldest);
}
