import {createHash} from 'node:crypto';
import {rmSync} from 'node:fs';
import {behindTorn, readHeader} from '../journal-header.js';
import type {Database, OpenDatabase, Statement} from './database.js';
import {indexLine, type IndexedLine} from './indexed-line.js';
import {journalsOf, readLines, type JournalFile} from './journal-lines.js';

/** The version of the tables. Another one is thrown away: all of it is in the journals. */
const VERSION = 1;

/** Milliseconds that another process may keep the index; then it is done without. */
const PATIENCE = 200;

/** `is` of a row: the two that lists are made of come first. */
export const KIND = {ran: 0, adopted: 1, removed: 2, failed: 3, cancelled: 4} as const;

const TABLES = `
  CREATE TABLE journal(id INTEGER PRIMARY KEY, name TEXT UNIQUE, inode TEXT, offset INTEGER, known INTEGER, host TEXT);
  CREATE TABLE text(id INTEGER PRIMARY KEY, hash BLOB UNIQUE, content TEXT);
  CREATE TABLE event(
    task BLOB, is_ INTEGER, at INTEGER, stamp REAL, journal INTEGER, place INTEGER, label TEXT, host TEXT,
    ended INTEGER, took INTEGER, files INTEGER, bytes INTEGER, edition INTEGER, folder INTEGER, words TEXT, shared INTEGER,
    PRIMARY KEY(task, is_, at)) WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};`;

/** All but the key of an event, as a later line has it. */
const LATER = 'stamp journal place label host ended took files bytes edition folder words shared'
  .split(' ')
  .map(column => `${column} = excluded.${column}`)
  .join(', ');

interface JournalRow {
  readonly id: number;
  readonly name: string;
  readonly inode: string;
  readonly offset: number;
  readonly known: number;
  readonly host: string;
}

/**
 * An index of a store's journals in SQLite, on a local disk. It holds where lines stand and what lists and search need of them, and
 * nothing that is not in the journals. Everything here throws what SQLite throws; who uses it does without it then.
 */
export class HistoryIndex {
  readonly #db: Database;
  readonly #store: string;
  readonly #texts = new Map<string, number>();

  private constructor(db: Database, store: string) {
    this.#db = db;
    this.#store = store;
  }

  /** Opens the index in a file, or a new one where it is damaged or of another version; with `:memory:` one for this process. */
  static open(Sqlite: OpenDatabase, path: string, store: string): HistoryIndex {
    for (let tries = 0; ; tries++) {
      let db: Database | undefined;
      try {
        db = new Sqlite(path, {timeout: PATIENCE});
        db.pragma('synchronous = NORMAL');
        const version = db.pragma('user_version', {simple: true});
        const isEmpty = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as {readonly n: number};
        if (version === VERSION) db.prepare('SELECT 1 FROM event, journal, text LIMIT 1').get();
        else if (version === 0 && isEmpty.n === 0) db.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT`);
        else throw Object.assign(new Error('another version'), {code: 'SQLITE_NOTADB'});
        return new HistoryIndex(db, store);
      } catch (error) {
        db?.close();
        if (tries > 0 || path === ':memory:' || !isDamage(error)) throw error;
        removeIndex(path);
      }
    }
  }

  /** Bytes of journals that it does not know yet. */
  behind(): number {
    const known = this.#journals();
    return journalsOf(this.#store).reduce(
      (sum, journal) => sum + journal.size - readTo(known.get(journal.name), journal),
      0,
    );
  }

  /** Reads what is new in the journals, and forgets journals that have gone. */
  async update(): Promise<void> {
    const journals = journalsOf(this.#store);
    const known = this.#journals();
    const there = new Set(journals.map(({name}) => name));
    const gone = [...known.values()].filter(({name}) => !there.has(name));
    const grown = journals.filter(journal => journal.size > readTo(known.get(journal.name), journal));
    if (grown.length === 0 && gone.length === 0) return;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have been faster.
      const now = this.#journals();
      for (const journal of grown) await this.#read(journal, now.get(journal.name));
      // What was put together stands in another journal by now.
      for (const {id} of gone) this.#forget(id);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#texts.clear();
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Runs a query. */
  all(sql: string, ...values: readonly unknown[]): readonly unknown[] {
    return this.#db.prepare(sql).all(...values);
  }

  close(): void {
    this.#db.close();
  }

  #journals(): ReadonlyMap<string, JournalRow> {
    const rows = this.#db.prepare('SELECT * FROM journal').all() as readonly JournalRow[];
    return new Map(rows.map(row => [row.name, row]));
  }

  #forget(journal: number): void {
    this.#db.prepare('DELETE FROM event WHERE journal = ?').run(journal);
    this.#db.prepare('DELETE FROM journal WHERE id = ?').run(journal);
  }

  async #read(journal: JournalFile, row: JournalRow | undefined): Promise<void> {
    const from = readTo(row, journal);
    if (row !== undefined && from === 0) this.#forget(row.id);
    let {known, host} =
      from === 0 || row === undefined ? {known: true, host: ''} : {known: row.known === 1, host: row.host};
    const id =
      from === 0 || row === undefined
        ? Number(
            this.#db.prepare('INSERT INTO journal(name, inode) VALUES(?, ?)').run(journal.name, journal.inode)
              .lastInsertRowid,
          )
        : row.id;
    // The same event may stand in several lines, and journals are read in any order: the latest line counts.
    const insert = this.#db.prepare(
      `INSERT INTO event VALUES(${'?, '.repeat(15)}?) ON CONFLICT(task, is_, at) DO UPDATE SET ${LATER} WHERE excluded.stamp >= stamp`,
    );
    const text = this.#db.prepare('INSERT OR IGNORE INTO text(hash, content) VALUES(?, ?)');
    const find = this.#db.prepare('SELECT id FROM text WHERE hash = ?');
    const end = await readLines(journal.path, from, (whole, begin) => {
      const line = behindTorn(whole) ?? whole;
      const at = begin + Buffer.byteLength(whole) - Buffer.byteLength(line);
      const header = readHeader(line);
      if (header !== undefined) {
        known = header.known;
        host = header.host;
        return;
      }
      const read = known ? indexLine(line, host) : undefined;
      if (read !== undefined) insert.run(...this.#rowOf(read, id, at, text, find));
    });
    this.#db
      .prepare('UPDATE journal SET offset = ?, known = ?, host = ? WHERE id = ?')
      .run(end, known ? 1 : 0, host, id);
  }

  #rowOf(line: IndexedLine, journal: number, place: number, text: Statement, find: Statement): readonly unknown[] {
    const {task, is, at, stamp, label, host, took, files, bytes, edition, folder, words} = line;
    const intern = (content: string | undefined): number | null =>
      content === undefined || content === '' ? null : this.#intern(content, text, find);
    return [
      Buffer.from(task, 'hex'), KIND[is], at, stamp, journal, place, label, host,
      line.ended ?? null, took ?? null, files, bytes, edition, intern(folder), words.own, intern(words.shared),
    ]; // prettier-ignore
  }

  /** The number of a text that many tasks share. */
  #intern(content: string, text: Statement, find: Statement): number {
    const known = this.#texts.get(content);
    if (known !== undefined) return known;
    const hash = createHash('sha256').update(content).digest().subarray(0, 16);
    text.run(hash, content);
    const {id} = find.get(hash) as {readonly id: number};
    if (this.#texts.size < 10_000) this.#texts.set(content, id);
    return id;
  }
}

/** Up to which byte a journal has been read; 0 for one that was replaced. */
function readTo(row: JournalRow | undefined, {inode, size}: JournalFile): number {
  return row === undefined || row.inode !== inode || size < row.offset ? 0 : row.offset;
}

/** Whether the file is no index that can be read, now or later. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(CORRUPT|NOTADB|ERROR|SCHEMA|MISMATCH|FORMAT)/.test(code);
}

/** Removes an index with what SQLite keeps beside it. */
export function removeIndex(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, {force: true});
}
