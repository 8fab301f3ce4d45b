import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {root} from './notebook.js';

/** Bytes of the index of a directory's store, made anew; undefined where better-sqlite3 does not load. */
export function indexBytes(directory: string, folder: string): number | undefined {
  const cache = join(folder, 'index-cache');
  mkdirSync(cache, {recursive: true});
  const before = new Set(filesIn(cache));
  const weft = join(root, 'dist', 'weft.js');
  const ran = spawnSync(weft, ['history', '--search', 'no-such-word'], {
    cwd: directory,
    env: {...process.env, XDG_CACHE_HOME: cache},
  });
  const made = filesIn(cache).filter(path => !before.has(path));
  return ran.status === 0 && made.length > 0 ? made.reduce((sum, path) => sum + statSync(path).size, 0) : undefined;
}

const filesIn = (cache: string): readonly string[] =>
  readdirSync(cache, {recursive: true, withFileTypes: true})
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
