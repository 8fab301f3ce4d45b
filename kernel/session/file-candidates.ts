import {readdir} from 'node:fs/promises';
import {homedir} from 'node:os';
import {resolve} from 'node:path';
import type {Candidate} from './completer.js';

/** A directory with more has its first ones offered. */
const MOST = 500;

/** Files, or directories only, whose path goes on what is typed. A hidden one is offered if its dot is typed. */
export async function fileCandidates(
  typed: string,
  directory: string,
  only?: 'directories',
): Promise<readonly Candidate[]> {
  const slash = typed.lastIndexOf('/') + 1;
  const folder = typed.slice(0, slash);
  const begin = typed.slice(slash);
  const home = folder.startsWith('~/') ? homedir() + folder.slice(1) : folder;
  const entries = await readdir(resolve(directory, home), {withFileTypes: true}).catch(() => []);
  return entries
    .filter(({name}) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')))
    .filter(entry => only === undefined || entry.isDirectory() || entry.isSymbolicLink())
    .slice(0, MOST)
    .map(entry =>
      entry.isDirectory()
        ? {text: `${folder}${entry.name}/`, type: 'directory', open: true}
        : {text: folder + entry.name, type: 'file'},
    );
}
