import {readdir, realpath, stat} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {canonicalJson, digestOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {TakeDigest} from './root-identity.js';
import {readRegistry} from './registry-file.js';
import type {RootRepository} from './root-repository.js';

/** Registries, which count by their rows: the file differs with the order of ingestion. */
const REGISTRIES: ReadonlySet<string> = new Set(['registry.sqlite3', 'calibRegistry.sqlite3']);

/** Results, which are never written again, and persons' reruns, which nothing that is cached may read. */
const LEFT_OUT = 'rerun';

const underWay = new Map<string, Promise<Digest>>();

/** The same, looked at after now: not what a look finds that others have begun before. */
export async function wholeRootAgain(root: RootRepository, digest: TakeDigest): Promise<Digest> {
  await underWay.get(root.path)?.catch(() => undefined);
  return wholeRootIdentity(root, digest);
}

/**
 * The identity of a whole root repository, for what may read all of it: the rows of its registries, and the contents of all files
 * below it, through links (LANGUAGE 17): a root that was copied or touched is the same root. Hidden files and `rerun/` do not count; a
 * file that can't be read counts by its size and time. Contents are read once; afterwards the stat cache knows them. Rejects with
 * what the system says of a directory or a registry that can't be read.
 */
export function wholeRootIdentity(root: RootRepository, digest: TakeDigest): Promise<Digest> {
  // Tasks of one cell ask at once.
  let identity = underWay.get(root.path);
  if (identity === undefined) {
    identity = identify(root, digest).finally(() => underWay.delete(root.path));
    underWay.set(root.path, identity);
  }
  return identity;
}

async function identify(root: RootRepository, digest: TakeDigest): Promise<Digest> {
  const registries: Record<string, JsonValue> = {};
  const files: Record<string, JsonValue> = {};
  const look = async (below: string, above: readonly string[]): Promise<void> => {
    const directory = join(root.path, below);
    const real = await realpath(directory);
    // A link to a directory that it lies in has nothing that was not seen.
    if (above.includes(real)) return;
    for (const name of await readdir(directory)) {
      if (name.startsWith('.') || (below === '' && name === LEFT_OUT)) continue;
      const inner = below === '' ? name : `${below}/${name}`;
      const path = join(root.path, inner);
      const found = await stat(path, {bigint: true}).catch(() => undefined);
      if (found === undefined) files[inner] = null;
      else if (found.isDirectory()) await look(inner, [...above, real]);
      else if (REGISTRIES.has(basename(name))) registries[inner] = rowsOf(path);
      else {
        const content = found.isFile() ? await digest(path) : undefined;
        files[inner] = content?.ok === true ? content.value : [String(found.size), String(found.mtimeNs)];
      }
    }
  };
  await look('', []);
  return digestOf(`weft/root/whole/2\n${canonicalJson({mapper: root.mapper, registries, files})}`);
}

/** The rows of all tables, without their numbers. */
function rowsOf(path: string): JsonValue {
  const tables: Record<string, JsonValue> = {};
  for (const [table, rows] of readRegistry(path))
    tables[table] = rows
      .map(row => canonicalJson(Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id'))))
      .sort();
  return tables;
}
