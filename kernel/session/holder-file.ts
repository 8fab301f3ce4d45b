import {renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import type {Holder} from '../graph/holder.js';
import {RUNNER} from './task-claims.js';

/** Notes in an attempt's directory which runner has it, before the runner is given it. */
export function writeHolder(directory: string, holder: Holder): void {
  const path = join(directory, RUNNER);
  const text = JSON.stringify(holder);
  try {
    // The job is given away after this: who is killed meanwhile leaves a part of it to nobody.
    writeFileSync(path, text, {flag: 'wx'});
    return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') return;
  }
  try {
    // Another runner may have the job. In one step: who is killed meanwhile leaves no half of it.
    writeFileSync(`${path}~`, text);
    renameSync(`${path}~`, path);
  } catch {
    // Only who adopts it would miss it; the job itself says what is wrong with its directory.
  }
}
