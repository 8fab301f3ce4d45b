import {readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import {canonicalJson, digestOf, type Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../kernel/fingerprint/json.js';
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

/**
 * The identity of the slice of a root repository that a task reads: registry rows and stamps of the raw files of its own data ids,
 * the calibrations that can be used with them, reference catalogues, transmission curves, the mapper. What other exposures there
 * are does not matter, but for a wildcard.
 */
export function rootIdentity(root: RootRepository, {parts, ids}: RootSlice): Digest {
  const slice: Record<string, JsonValue> = {mapper: root.mapper};
  const rows = parts.includes('raw') || parts.includes('calib') ? rawRows(root.path, ids) : [];
  if (parts.includes('raw')) slice['raw'] = rows.map(row => [contentOf(row), stampOf(join(root.path, rawPath(row)))]);
  if (parts.includes('calib')) slice['calib'] = calibrations(join(root.path, 'CALIB'), rows);
  if (parts.includes('refcat')) slice['refcat'] = tree(join(root.path, 'ref_cats'));
  if (parts.includes('transmission')) slice['transmission'] = tree(join(root.path, 'transmission'));
  if (parts.includes('skymap')) slice['skymap'] = stampOf(join(root.path, 'deepCoadd', 'skyMap.pickle'));
  return digestOf(`weft/root/1\n${canonicalJson(slice)}`);
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

/** Size and time of a file, through links; null if there is none. */
const stamps = new Map<string, JsonValue>();

function stampOf(path: string): JsonValue {
  let stamp = stamps.get(path);
  if (stamp === undefined) {
    if (stamps.size === 0) setImmediate(() => stamps.clear());
    stamps.set(path, (stamp = readStamp(path)));
  }
  return stamp;
}

function readStamp(path: string): JsonValue {
  try {
    const {size, mtimeNs} = statSync(path, {bigint: true});
    return [String(size), String(mtimeNs)];
  } catch {
    return null;
  }
}

/** Stamps of all files below a directory, through links; the content of configurations, which are small and copied about. */
function tree(directory: string): JsonValue {
  const files: Record<string, JsonValue> = {};
  for (const name of filesOf(directory))
    files[name] = name.endsWith('.py') ? contentDigest(join(directory, name)) : stampOf(join(directory, name));
  return files;
}

function contentDigest(path: string): JsonValue {
  try {
    return digestOf(readFileSync(path));
  } catch {
    return null;
  }
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
function calibrations(directory: string, raws: readonly RegistryRow[]): JsonValue {
  const ccds = new Set(raws.map(row => Number(row['ccd'])));
  const filters = new Set(raws.map(row => String(row['filter'])));
  const rows: Record<string, JsonValue> = {};
  const known = new Set<string>();
  for (const [table, all] of readRegistry(join(directory, 'calibRegistry.sqlite3'))) {
    for (const {filter} of all) if (typeof filter === 'string') known.add(filter);
    const used = all.filter(
      ({ccd, filter}) =>
        (ccd === undefined || ccd === null || ccds.has(Number(ccd))) &&
        (filter === undefined || filter === null || filter === 'NONE' || filters.has(String(filter))),
    );
    rows[table] = used.map(row => canonicalJson(contentOf(row))).sort();
  }
  const others = new Set([...known].filter(filter => !filters.has(filter)));
  const files: Record<string, JsonValue> = {};
  for (const name of filesOf(directory)) {
    if (basename(name) === 'calibRegistry.sqlite3') continue;
    const ccd = /-(\d{3})\.fits(?:\.gz)?$/.exec(name)?.[1];
    if (ccd !== undefined && !ccds.has(Number(ccd))) continue;
    if (name.split('/').some(part => others.has(part))) continue;
    files[name] = stampOf(join(directory, name));
  }
  return {rows, files};
}
