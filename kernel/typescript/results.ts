import {readdirSync, readFileSync, type Dirent} from 'node:fs';
import {join} from 'node:path';
import {inspect} from 'node:util';
import type {JsonValue} from '../fingerprint/json.js';

/** The files of a task that has succeeded. */
export class Files implements Iterable<string> {
  /** The directory, absolute. */
  readonly path: string;
  /** Names relative to the directory, sorted. */
  readonly files: readonly string[];

  constructor(path: string, files: readonly string[]) {
    this.path = path;
    this.files = files;
  }

  /** Absolute paths. */
  *[Symbol.iterator](): Iterator<string> {
    for (const file of this.files) yield join(this.path, file);
  }

  /** The text of a file, as UTF-8. Without a name: of the only one. */
  text(name?: string): string {
    const file = name ?? this.#only();
    try {
      return readFileSync(join(this.path, file), 'utf8');
    } catch (error) {
      if (this.files.includes(file)) throw lostOr(error, join(this.path, file));
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new TypeError(
        this.files.length === 0 ? 'there are no files' : `there is no file ${file}, but ${this.#some}`,
      );
    }
  }

  /** A file's JSON. Without a name: of the only one. */
  json(name?: string): unknown {
    const text = this.text(name);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new SyntaxError(`${name ?? this.#only()} is no JSON: ${(error as Error).message}`);
    }
  }

  toString(): string {
    return this.path;
  }

  #only(): string {
    const [first] = this.files;
    if (first !== undefined && this.files.length === 1) return first;
    throw new TypeError(
      first === undefined ? 'there are no files' : `which file? There are ${this.files.length}: ${this.#some}`,
    );
  }

  /** The names of the first files. */
  get #some(): string {
    return this.files.slice(0, 5).join(', ') + (this.files.length > 5 ? ', …' : '');
  }
}

/** That something of a result has gone since it was looked at, in a person's words; any other error is itself. */
const lostOr = (error: unknown, path: string): unknown =>
  (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? new Error(`${path} is not there any more: run the cell that makes it again`)
    : error;

function listed(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, {recursive: true, withFileTypes: true});
  } catch (error) {
    throw lostOr(error, directory);
  }
}

/** A key to a number or a text: `{visit: 903334, ccd: 16}`. */
export type DataId = Readonly<Record<string, JsonValue>>;

/** A data repository that a task has made. */
export class Repo {
  /** Its directory, absolute. */
  readonly path: string;
  /** Its rerun: `weft/processCcd-0123456789ab`. */
  readonly rerun: string;
  /** The root repository, absolute. */
  readonly root: string;
  /** The reruns that it sees. */
  readonly parents: readonly string[];
  readonly #dataIds: readonly DataId[] | undefined;

  constructor(path: string, rerun: string, root: string, parents: readonly string[], dataIds?: readonly DataId[]) {
    this.#dataIds = dataIds;
    this.path = path;
    this.rerun = rerun;
    this.root = root;
    this.parents = parents;
  }

  /** Names relative to the directory of all files in it but Weft's own, sorted. */
  files(): string[] {
    return listed(this.path)
      .filter(entry => !entry.isDirectory())
      .map(entry => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .filter(name => !name.startsWith('.weft.'))
      .sort();
  }

  /** What its datasets are of: `{visit: 903334, ccd: 16, …}`, sorted. Its own, and of a join those of its members. */
  dataIds(): DataId[] {
    if (this.#dataIds === undefined)
      throw new TypeError(
        `the data ids of ${this.path} are not known; a \`%%lsst TASK --show data\` cell gives those that a task would work on`,
      );
    return this.#dataIds.map(id => ({...id}));
  }

  toString(): string {
    return this.path;
  }
}

/** One element of a set's results: one JSON value for each variable, outermost first. */
export interface KeyedResult {
  readonly key: readonly JsonValue[];
  readonly value: unknown;
}

/** The text under which an element is found: a string itself, anything else as JSON. */
export function keyText(key: JsonValue): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}

/**
 * The results of a set: an object by key, nested where there are several variables, with the methods of a map. It prints and
 * serialises as the object. A key wins over a method of its name.
 */
export class SetResult implements Iterable<readonly [unknown, unknown]> {
  readonly #rows: readonly KeyedResult[];
  readonly #variables: readonly string[];

  constructor(variables: readonly string[], rows: readonly KeyedResult[]) {
    this.#rows = rows;
    this.#variables = variables;
    for (const [text, inner] of groups(rows)) {
      const value = variables.length > 1 ? new SetResult(variables.slice(1), inner) : inner[0]?.value;
      Object.defineProperty(this, text, {value, enumerable: true, configurable: true, writable: true});
    }
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The loop value of each result; with several variables an array of them. */
  *keys(): Generator<unknown, undefined> {
    for (const {key} of this.#rows) yield key.length === 1 ? key[0] : key;
  }

  *values(): Generator<unknown, undefined> {
    for (const {value} of this.#rows) yield value;
  }

  *entries(): Generator<[unknown, unknown], undefined> {
    for (const {key, value} of this.#rows) yield [key.length === 1 ? key[0] : key, value];
  }

  [Symbol.iterator](): Generator<[unknown, unknown], undefined> {
    return SetResult.prototype.entries.call(this);
  }

  /** The result at a key, given as by {@link keys}. */
  get(key: JsonValue): unknown {
    return this.#find(Array.isArray(key) && this.#variables.length > 1 ? (key as readonly JsonValue[]) : [key])?.value;
  }

  has(key: JsonValue): boolean {
    return (
      this.#find(Array.isArray(key) && this.#variables.length > 1 ? (key as readonly JsonValue[]) : [key]) !== undefined
    );
  }

  /** The result where the variables have these values. */
  at(where: Readonly<Record<string, JsonValue>>): unknown {
    return this.#find(this.#variables.map(variable => where[variable] ?? null))?.value;
  }

  forEach(each: (value: unknown, key: unknown) => void): void {
    for (const [key, value] of SetResult.prototype.entries.call(this)) each(value, key);
  }

  [inspect.custom](depth: number, options: object): unknown {
    return depth < 0 ? '[Object]' : inspect(Object.fromEntries(Object.entries(this)), options);
  }

  #find(key: readonly JsonValue[]): KeyedResult | undefined {
    const texts = key.map(keyText);
    return this.#rows.find(
      row => row.key.length === texts.length && row.key.every((value, index) => keyText(value) === texts[index]),
    );
  }
}

/** Rows by the text of their first key, in order, each without that key. */
export function groups<Row extends {readonly key: readonly JsonValue[]}>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const text = keyText(row.key[0] ?? null);
    const group = found.get(text) ?? [];
    found.set(text, group);
    group.push({...row, key: row.key.slice(1)});
  }
  return found;
}
