import {readdirSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import {canonicalJson, digestOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {Result} from '../../kernel/graph/result.js';
import type {RootPart} from './catalogue.js';
import type {DataId} from './data-id.js';
import {readRegistry, type RegistryRow} from './registry-file.js';
import type {RootRepository} from './root-repository.js';

/** What of a root a task reads. */
export interface RootSlice {
  readonly parts: readonly RootPart[];
  /** Its data ids; an empty one means all. */
  readonly ids: readonly DataId[];
}

/** What of a root is hashed. A part that a task does not read is absent. */
type RootContents = {
  /** The class that finds files: another one finds other files, and reads them otherwise. */
  readonly mapper: string;
  /** Rows of the registry and contents of the raw exposures of the task's own data ids. */
  readonly raw?: JsonValue;
  /** Rows and contents of the calibrations that can be used with these exposures. */
  readonly calib?: JsonValue;
  /** Reference catalogues: stars that positions and fluxes are measured against. */
  readonly refcat?: JsonValue;
  /** Transmission curves. */
  readonly transmission?: JsonValue;
  /** The sky map that lies in the root itself, where no parent has another. */
  readonly skymap?: JsonValue;
};

/** sha256 of a file, through the stat cache. */
export type TakeDigest = (path: string) => Promise<Result<Digest, string>>;

/**
 * The identity of the slice of a root repository that a task reads: registry rows and contents of the raw files of its own data ids,
 * the calibrations that can be used with them, reference catalogues, transmission curves, the mapper. What other exposures there
 * are does not matter, but for a wildcard. Files count by content (LANGUAGE 17): a root that was copied or touched is the same root.
 * Their content is read once; afterwards the stat cache knows it.
 */
export async function rootIdentity(root: RootRepository, {parts, ids}: RootSlice, digest: TakeDigest): Promise<Digest> {
  const contents = contentsBy(digest);
  const slice: {-readonly [K in keyof RootContents]: RootContents[K]} = {mapper: root.mapper};
  const rows = parts.includes('raw') || parts.includes('calib') ? rawRows(root.path, ids) : [];
  if (parts.includes('raw'))
    slice.raw = await Promise.all(
      rows.map(async row => [contentOf(row), await contents(join(root.path, rawPath(row)))]),
    );
  if (parts.includes('calib')) slice.calib = await calibrations(join(root.path, 'CALIB'), rows, contents);
  if (parts.includes('refcat')) slice.refcat = await tree(join(root.path, 'ref_cats'), contents);
  if (parts.includes('transmission')) slice.transmission = await tree(join(root.path, 'transmission'), contents);
  if (parts.includes('skymap')) slice.skymap = await contents(join(root.path, 'deepCoadd', 'skyMap.pickle'));
  return digestOf(`weft/root/2\n${canonicalJson(slice)}`);
}

/** The rows of `raw` that data ids name: by the keys that are columns. */
export function rawRows(root: string, ids: readonly DataId[]): readonly RegistryRow[] {
  const rows = readRegistry(join(root, 'registry.sqlite3')).get('raw') ?? [];
  const matches = (row: RegistryRow): boolean =>
    ids.some(id => Object.entries(id).every(([key, value]) => !(key in row) || equal(row[key], value)));
  return rows.filter(matches).sort((a, b) => (canonicalJson(contentOf(a)) < canonicalJson(contentOf(b)) ? -1 : 1));
}

const equal = (column: string | number | null | undefined, value: string): boolean =>
  typeof column === 'number' ? column === Number(value) : column === value;

/** The row without its number, which depends on the order of ingestion. */
const contentOf = (row: RegistryRow): Readonly<Record<string, JsonValue>> =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id'));

/** Where a raw exposure lies. Source: `lsst/obs_subaru@18.1.0:policy/HscMapper.yaml`. */
function rawPath(row: RegistryRow): string {
  const padded = (name: string, width: number): string => String(row[name] ?? '').padStart(width, '0');
  return join(
    String(row['field'] ?? ''),
    String(row['dateObs'] ?? ''),
    padded('pointing', 5),
    String(row['filter'] ?? ''),
    `HSC-${padded('visit', 7)}-${padded('ccd', 3)}.fits`,
  );
}

/** The digest of a file's content, through links; null if there is none, or none that can be read. */
type Contents = (path: string) => Promise<JsonValue>;

const known = new Map<string, Promise<JsonValue>>();

/** A cell plans many tasks in one turn of the event loop, which read the same files: each is asked for once. */
const contentsBy =
  (digest: TakeDigest): Contents =>
  path => {
    let content = known.get(path);
    if (content === undefined) {
      if (known.size === 0) setImmediate(() => known.clear());
      known.set(path, (content = digest(path).then(taken => (taken.ok ? taken.value : null))));
    }
    return content;
  };

/** Contents of all files below a directory, through links. */
async function tree(directory: string, contents: Contents): Promise<JsonValue> {
  const files: Record<string, JsonValue> = {};
  for (const name of filesOf(directory)) files[name] = await contents(join(directory, name));
  return files;
}

const listed = new Map<string, readonly string[]>();

/** The files below a directory. A cell plans many tasks in one turn of the event loop: these read the same trees once. */
function filesOf(directory: string): readonly string[] {
  let files = listed.get(directory);
  if (files === undefined) {
    if (listed.size === 0) setImmediate(() => listed.clear());
    listed.set(directory, (files = listFiles(directory, '')));
  }
  return files;
}

function listFiles(directory: string, below: string): readonly string[] {
  let entries;
  try {
    entries = readdirSync(join(directory, below), {withFileTypes: true});
  } catch {
    return [];
  }
  return entries
    .flatMap(entry => {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (!entry.isDirectory() && !(entry.isSymbolicLink() && isDirectory(join(directory, name)))) return [name];
      return listFiles(directory, name);
    })
    .sort();
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The rows and files of the calibrations that can be used with some exposures: those of their chips and filters, and those that
 * say neither. Which of several dates is chosen is the butler's matter, so all dates count.
 */
async function calibrations(directory: string, raws: readonly RegistryRow[], contents: Contents): Promise<JsonValue> {
  const ccds = new Set(raws.map(row => Number(row['ccd'])));
  const filters = new Set(raws.map(row => String(row['filter'])));
  const rows: Record<string, JsonValue> = {};
  const named = new Set<string>();
  for (const [table, all] of readRegistry(join(directory, 'calibRegistry.sqlite3'))) {
    for (const {filter} of all) if (typeof filter === 'string') named.add(filter);
    const used = all.filter(
      ({ccd, filter}) =>
        (ccd === undefined || ccd === null || ccds.has(Number(ccd))) &&
        (filter === undefined || filter === null || filter === 'NONE' || filters.has(String(filter))),
    );
    rows[table] = used.map(row => canonicalJson(contentOf(row))).sort();
  }
  const others = new Set([...named].filter(filter => !filters.has(filter)));
  const files: Record<string, JsonValue> = {};
  for (const name of filesOf(directory)) {
    if (basename(name) === 'calibRegistry.sqlite3') continue;
    const ccd = /-(\d{3})\.fits(?:\.gz)?$/.exec(name)?.[1];
    if (ccd !== undefined && !ccds.has(Number(ccd))) continue;
    if (name.split('/').some(part => others.has(part))) continue;
    files[name] = await contents(join(directory, name));
  }
  return {rows, files};
}
