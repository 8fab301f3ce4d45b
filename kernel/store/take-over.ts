import {constants} from 'node:fs';
import {copyFile, link, mkdir, utimes, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {Slice} from '../fingerprint/slice.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

/**
 * Puts the files of a result, and its log, into an attempt's directory, to be published as another one: as hard links, as nothing that
 * is published is written again, else as copies with their times.
 */
export async function linkResult(
  from: Pick<Manifest, 'outputs'> & {readonly directory: string},
  attempt: string,
): Promise<Result<undefined, StoreProblem>> {
  const slice = new Slice();
  const made = new Set<string>();
  let path = '';
  try {
    await mkdir(attempt, {recursive: true});
    for (const name of [...from.outputs.map(output => output.path), '.weft.log']) {
      if (slice.over) await slice.rest();
      path = join(attempt, name);
      if (!made.has(dirname(path))) await mkdir(dirname(path), {recursive: true});
      made.add(dirname(path));
      await linkOrCopy(join(from.directory, name), path, name === '.weft.log');
    }
    return ok(undefined);
  } catch (error) {
    return fail(writeProblem(path, error));
  }
}

async function linkOrCopy(from: string, to: string, optional: boolean): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && optional) return;
    if (code === 'ENOENT') throw error;
    // Another file system, too many links, or somebody else's file.
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const {atime, mtime} = await stat(from);
    await utimes(to, atime, mtime);
  }
}
