import {createHash} from 'node:crypto';
import {existsSync, lstatSync, mkdirSync, realpathSync} from 'node:fs';
import {homedir, tmpdir, userInfo} from 'node:os';
import {dirname, join} from 'node:path';
import {isRemote} from '../../fingerprint/slice.js';

/** What decides where indexes lie: injected for tests. */
export interface IndexPlaces {
  readonly home: string;
  readonly temporary: string;
  /** `XDG_CACHE_HOME`, where it is set. */
  readonly cache?: string | undefined;
  readonly isRemote: (path: string) => boolean;
}

const here = (): IndexPlaces => ({
  home: homedir(),
  temporary: tmpdir(),
  cache: process.env['XDG_CACHE_HOME'],
  isRemote,
});

/**
 * The file of a store's index: in `~/.cache/weft`, or below the node's temporary directory where that lies behind a network, as
 * SQLite's locks are not to be trusted there. Its directory is made. Undefined where there is no place for it: it is done
 * without then.
 */
export function indexPath(store: string, places: IndexPlaces = here()): string | undefined {
  const name = `${createHash('sha256').update(real(store)).digest('hex').slice(0, 24)}.sqlite`;
  const user = userInfo().uid;
  const {cache} = places;
  const home = cache?.startsWith('/') === true ? join(cache, 'weft') : join(places.home, '.cache', 'weft');
  for (const directory of [home, join(places.temporary, `weft-${user}`)]) {
    if (places.isRemote(nearest(directory))) continue;
    try {
      mkdirSync(directory, {recursive: true, mode: 0o700});
      const stats = lstatSync(directory);
      // In a temporary directory anybody may have been first.
      if (stats.isDirectory() && stats.uid === user) return join(directory, name);
    } catch {
      // Read-only, full, or no directory: the next.
    }
  }
  return undefined;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The part of a path that is there. */
function nearest(path: string): string {
  let found = path;
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found);
  return found;
}
