import {copyFileSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A row of a table of a registry. */
export type RegistryRow = Readonly<Record<string, string | number | null>>;

/** The tables of a registry, by name. */
export type RegistryTables = ReadonlyMap<string, readonly RegistryRow[]>;

/** Milliseconds: file systems count in steps of up to two seconds. */
const DOUBT = 2000;

const read = new Map<string, {readonly stamp: string; readonly tables: RegistryTables}>();

/**
 * All tables of a registry (`registry.sqlite3` of a root, `calibRegistry.sqlite3` of its calibrations); none if the file is not
 * there. A copy is read, so that no lock is taken in the repository. Kept for as long as the file's stamp is the same.
 */
export function readRegistry(path: string): RegistryTables {
  let stamp: string;
  try {
    const {size, mtimeNs, ctimeNs, ino} = statSync(path, {bigint: true});
    stamp = `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
    // What was written just now may be written again without another stamp: it is known for this turn of the event loop only.
    if (Date.now() - Number(ctimeNs) / 1e6 < DOUBT) setImmediate(() => read.delete(path));
  } catch {
    return new Map();
  }
  const known = read.get(path);
  if (known?.stamp === stamp) return known.tables;
  const tables = readTables(path);
  read.set(path, {stamp, tables});
  return tables;
}

function readTables(path: string): RegistryTables {
  const {Database} = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');
  const directory = mkdtempSync(join(tmpdir(), 'weft-registry-'));
  try {
    const copy = join(directory, 'registry.sqlite3');
    copyFileSync(path, copy);
    const database = new Database(copy);
    try {
      const names = database
        .all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .map(row => String((row as RegistryRow)['name']));
      return new Map(
        names.map(name => [
          name,
          database.all(`SELECT * FROM "${name.replaceAll('"', '""')}"`).map(row => row as RegistryRow),
        ]),
      );
    } finally {
      database.close();
    }
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}
