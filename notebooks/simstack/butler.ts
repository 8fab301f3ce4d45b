import {existsSync, readFileSync, realpathSync} from 'node:fs';
import {join} from 'node:path';
import type {CastDataId, DatasetName} from './dataset.js';
import {datasetPath, DATASETS, KEY_TYPES} from './dataset.js';
import {writeFileAtomic} from './file.js';
import type {Log} from './log.js';
import type {PythonValue} from './python.js';
import {PythonError, PythonFloat, repr, textOf} from './python.js';
import type {Row} from './registry.js';
import {readTables} from './registry.js';
import {openRepositories} from './repository.js';
import {calibrationPath} from './calibration-path.js';

/** The order in which `--show data` prints the keys of a raw or a calexp. */
const KEYS = ['taiObs', 'pointing', 'visit', 'dateObs', 'filter', 'field', 'ccd', 'expTime'] as const;

/** Kinds of master calibrations; each has a table in their registry. */
const CALIBRATION_KINDS = ['bias', 'dark', 'flat'] as const;

/** Finds and writes the datasets of a repository and of its parents. */
export class Butler {
  /** Directories in search order; the first is written to. */
  readonly repositories: readonly string[];
  #calibrations: readonly (readonly Row[])[] | undefined;
  readonly #raws: () => readonly CastDataId[];
  readonly #registries: () => {readonly root: string};

  constructor(input: string, output: string | null, log: Log) {
    this.repositories = openRepositories(input, output);
    const root = this.repositories.find(path => existsSync(join(path, 'registry.sqlite3')));
    if (root !== undefined) {
      log.info('CameraMapper', `Loading exposure registry from ${join(root, 'registry.sqlite3')}`);
      const calibrations = join(root, 'CALIB', 'calibRegistry.sqlite3');
      if (existsSync(calibrations)) log.info('CameraMapper', `Loading calib registry from ${calibrations}`);
    }
    let raws: readonly CastDataId[] | undefined;
    this.#raws = () =>
      (raws ??= root === undefined ? [] : rawIds(readTables(join(root, 'registry.sqlite3'), ['raw'])[0] ?? []));
    this.#registries = () => {
      if (root === undefined) throw new PythonError('RuntimeError', 'No registry for this repository');
      return {root};
    };
  }

  /** The repository that is written to. */
  get output(): string {
    return this.repositories[0] ?? '';
  }

  /** The first file with this path, or null. */
  findPath(path: string): string | null {
    for (const repository of this.repositories) {
      const file = join(repository, path);
      if (existsSync(file)) return file;
    }
    return null;
  }

  /** Whether a dataset exists anywhere in the search order. */
  exists(name: DatasetName, dataId: CastDataId): boolean {
    return this.findPath(datasetPath(name, dataId)) !== null;
  }

  /** The bytes of a dataset; a missing one is the error that the butler raises. */
  get(name: DatasetName, dataId: CastDataId): Uint8Array {
    const file = this.findPath(datasetPath(name, dataId));
    if (file === null) {
      throw new PythonError(
        'lsst.daf.persistence.butlerExceptions.NoResults',
        `No locations for get: datasetType:${name} dataId:DataId(initialdata=${repr(dataId)}, tag=set())`,
      );
    }
    return readFileSync(file);
  }

  /** Writes a dataset to the output. */
  put(name: DatasetName, dataId: CastDataId, content: string | Uint8Array): string {
    const file = join(this.output, datasetPath(name, dataId));
    writeFileAtomic(file, content);
    return file;
  }

  /** The whole data ids of exposures that a partial one matches and for which the dataset exists, by visit and ccd. */
  subset(name: DatasetName, dataId: CastDataId): readonly CastDataId[] {
    const wanted = Object.entries(dataId);
    return this.#raws()
      .filter(raw => wanted.every(([key, value]) => raw[key] !== undefined && repr(raw[key]) === repr(value)))
      .map(raw => ({...dataId, ...raw}))
      .filter(raw => this.exists(name, raw));
  }

  /** The pixels' file of a master calibration for an exposure. */
  calibration(kind: 'bias' | 'dark' | 'flat', dataId: CastDataId): Uint8Array {
    const {root} = this.#registries();
    const registry = join(root, 'CALIB', 'calibRegistry.sqlite3');
    const date = textOf(dataId['dateObs']);
    this.#calibrations ??= existsSync(registry) ? readTables(registry, CALIBRATION_KINDS) : [];
    const rows = this.#calibrations[CALIBRATION_KINDS.indexOf(kind)] ?? [];
    const row = rows.find(
      each =>
        each['ccd'] === dataId['ccd'] &&
        (each['filter'] === 'NONE' || each['filter'] === dataId['filter']) &&
        String(each['validStart']) <= date &&
        date <= String(each['validEnd']),
    );
    const path =
      row === undefined
        ? null
        : join(
            root,
            'CALIB',
            calibrationPath(kind, String(row['calibDate']), String(row['filter']), Number(row['ccd'])),
          );
    if (path === null || !existsSync(path)) {
      throw new PythonError(
        'RuntimeError',
        `Unable to retrieve ${kind} for ${repr(dataId)}: No locations for get: datasetType:${kind} dataId:DataId(initialdata=${repr(dataId)}, tag=set())`,
      );
    }
    return readFileSync(path);
  }

  /** The directory of a reference catalogue, with links followed. */
  referenceCatalog(name: string): string {
    const path = this.findPath(join('ref_cats', name));
    if (path === null || !existsSync(join(path, 'config.py'))) {
      throw new PythonError(
        'lsst.daf.persistence.butlerExceptions.NoResults',
        `No locations for get: datasetType:ref_cat_config dataId:DataId(initialdata={'name': '${name}'}, tag=set())`,
      );
    }
    return realpathSync(path);
  }

  /** Types of the keys of a dataset. */
  static keyTypes(name: DatasetName): Readonly<Record<string, 'int' | 'str' | 'float'>> {
    return KEY_TYPES[DATASETS[name].level];
  }
}

/** Rows of the table `raw` as data ids, sorted by visit and ccd. */
function rawIds(rows: readonly Row[]): readonly CastDataId[] {
  return [...rows]
    .sort((a, b) => Number(a['visit']) - Number(b['visit']) || Number(a['ccd']) - Number(b['ccd']))
    .map(row => {
      const value = (key: string): PythonValue =>
        key === 'expTime' ? new PythonFloat(Number(row[key])) : (row[key] ?? null);
      return Object.fromEntries(KEYS.map(key => [key, value(key)]));
    });
}
