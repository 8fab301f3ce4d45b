import {join} from 'node:path';
import {readFingerprint} from '../fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../graph/result.js';
import {loadSqlite, type OpenDatabase} from './index/database.js';
import {newestFirst, keyOf, readEvent, type HistoryEvent} from './index/history-event.js';
import {HistoryIndex, KIND, removeIndex} from './index/history-index.js';
import {scanHistory} from './index/history-scan.js';
import {indexPath} from './index/index-place.js';
import {directoryOf} from './index/indexed-line.js';
import {readLineAt} from './index/journal-lines.js';
import {scanResults, type ListedResult} from './index/result-scan.js';

export type {HistoryEvent} from './index/history-event.js';
export type {ListedResult} from './index/result-scan.js';

/** What the history is made of; all but the store is injected for tests. */
export interface HistoryOptions {
  /** The store's directory. */
  readonly store: string;
  /** The index's file; undefined: nowhere. */
  readonly path?: string | undefined;
  readonly load?: () => Promise<OpenDatabase | undefined>;
}

/** Bytes of journals that the index may not know yet: more than that is read faster without it. */
const BEHIND = 8 * 1024 * 1024;

interface Row {
  readonly task: Buffer;
  readonly is_: number;
  readonly at: number;
  readonly name: string;
  readonly place: number;
  readonly host: string;
}

/**
 * What became of the tasks of a store, over all runs. The journals tell it; an index in SQLite, on a local disk, makes it fast where
 * they are long. The index may be absent, damaged, locked or of another version: it is made again or done without, and that is never
 * an error. Nothing but lists and search rests on it.
 */
export class History {
  readonly #store: string;
  readonly #path: string | undefined;
  readonly #load: () => Promise<OpenDatabase | undefined>;
  #index: {readonly path: string; readonly index: HistoryIndex} | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#store = options.store;
    this.#path = 'path' in options ? options.path : indexPath(options.store);
    this.#load = options.load ?? loadSqlite;
  }

  /** The newest events, the newest first. */
  async newest(count: number): Promise<readonly HistoryEvent[]> {
    const found = await this.#use(this.#path, BEHIND, index => this.#read(index, '', [], count));
    return found ?? scanHistory(this.#store, count);
  }

  /**
   * The newest events of tasks in whose name, code, arguments, variables, file names or recorded log all words of a text stand, in any
   * case of letters; or whose fingerprints begin with it. The error says what is missing.
   */
  async search(text: string, count: number): Promise<Result<readonly HistoryEvent[], string>> {
    const words = text.split(/\s+/).filter(Boolean);
    const values = words.flatMap(word => {
      const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
      return [like, like, like, like, /^[0-9a-f]{6,64}$/i.test(word) ? `${word.toUpperCase()}%` : ''];
    });
    const like = String.raw`LIKE ? ESCAPE '\'`;
    const one = `AND (label ${like} OR words ${like} OR event.host ${like}
      OR shared IN (SELECT id FROM text WHERE content ${like}) OR hex(task) LIKE ?)`;
    const where = words.map(() => one).join(' ');
    const run = (index: HistoryIndex): Promise<readonly HistoryEvent[]> => this.#read(index, where, values, count);
    const found = (await this.#use(this.#path, Infinity, run)) ?? (await this.#use(':memory:', Infinity, run));
    return found === undefined
      ? fail('searching the history takes better-sqlite3, which does not load here')
      : ok(found);
  }

  /** The latest result of each task that was not removed since, the newest first. */
  async results(): Promise<readonly ListedResult[]> {
    const found = await this.#use(this.#path, BEHIND, index => {
      const folders = new Map(
        (
          index.all('SELECT id, content FROM text WHERE id IN (SELECT DISTINCT folder FROM event)') as readonly {
            readonly id: number;
            readonly content: string;
          }[]
        ).map(({id, content}) => [id, content.startsWith('./') ? join(this.#store, content) : content]),
      );
      const gone = new Map(
        (
          index.all(
            `SELECT lower(hex(task)) AS task, max(stamp) AS stamp FROM event WHERE is_ = ${KIND.removed} GROUP BY task`,
          ) as readonly {readonly task: string; readonly stamp: number}[]
        ).map(({task, stamp}) => [task, stamp]),
      );
      const rows = index.all(
        `SELECT lower(hex(task)) AS task, max(stamp) AS stamp, label, coalesce(ended, at) AS ended, took, files, bytes, edition, folder
         FROM event WHERE is_ <= ${KIND.adopted} GROUP BY task ORDER BY 4 DESC, 1`,
      ) as readonly ResultRow[];
      const left = rows.filter(({task, stamp}) => stamp > (gone.get(task) ?? 0));
      return Promise.resolve(left.flatMap(row => this.#listed(row, folders.get(row.folder ?? -1))));
    });
    return found ?? scanResults(this.#store);
  }

  /** Lets go of the index. */
  async close(): Promise<void> {
    await this.#running;
    this.#index?.index.close();
    this.#index = undefined;
  }

  #listed(row: ResultRow, folder: string | undefined): readonly ListedResult[] {
    const {task, label, ended, took, files, bytes, edition} = row;
    const fingerprint = readFingerprint(task);
    if (fingerprint === undefined) return [];
    const known = {fingerprint, label, endedAt: new Date(ended).toISOString(), took, files, bytes, edition};
    if (folder === undefined) return [known];
    return [{...known, directory: directoryOf(folder, task)}];
  }

  /** The newest events that a condition holds for, each from its line of the journal. */
  async #read(
    index: HistoryIndex,
    where: string,
    values: readonly unknown[],
    count: number,
  ): Promise<readonly HistoryEvent[]> {
    const rows = index.all(
      `SELECT task, is_, at, name, place, event.host AS host FROM event JOIN journal ON journal.id = journal
       WHERE is_ <> ${KIND.removed} ${where} ORDER BY at DESC, task LIMIT ?`,
      ...values,
      // A line may not be what it was any more: the next one takes its place.
      count + 8,
    ) as readonly Row[];
    const events = new Map<string, HistoryEvent>();
    for (const {task, at, name, place, host} of rows) {
      const line = await readLineAt(join(this.#store, 'runs', name), place);
      const event = line === undefined ? undefined : readEvent(line, host, this.#store)?.event;
      if (event?.fingerprint === task.toString('hex') && event.at === at) events.set(keyOf(event), event);
    }
    return [...events.values()].sort(newestFirst).slice(0, count);
  }

  /** Brings the index up to date and asks it; undefined where there is none, or it is further behind than that. One at a time. */
  #use<T>(path: string | undefined, behind: number, run: (index: HistoryIndex) => Promise<T>): Promise<T | undefined> {
    const using = this.#running.then(async () => {
      const Sqlite = path === undefined ? undefined : await this.#load();
      if (path === undefined || Sqlite === undefined) return undefined;
      for (let tries = 0; tries < 2; tries++) {
        try {
          const index = this.#open(Sqlite, path);
          if (behind !== Infinity && index.behind() > behind) return undefined;
          await index.update();
          return await run(index);
        } catch {
          // Locked, full, or damaged: a new file serves in the last case, and the journals themselves in the others.
          this.#index?.index.close();
          this.#index = undefined;
          if (tries === 0 && path !== ':memory:') removeIfDamaged(Sqlite, path);
        }
      }
      return undefined;
    });
    this.#running = using.catch(() => undefined);
    return using;
  }

  #open(Sqlite: OpenDatabase, path: string): HistoryIndex {
    if (this.#index?.path !== path) {
      this.#index?.index.close();
      this.#index = {path, index: HistoryIndex.open(Sqlite, path, this.#store)};
    }
    return this.#index.index;
  }
}

interface ResultRow {
  readonly task: string;
  readonly stamp: number;
  readonly label: string;
  readonly ended: number;
  readonly took: number;
  readonly files: number;
  readonly bytes: number;
  readonly edition: number;
  readonly folder: number | null;
}

/** Removes an index that SQLite finds damaged: nothing is lost with it. */
function removeIfDamaged(Sqlite: OpenDatabase, path: string): void {
  try {
    const db = new Sqlite(path, {timeout: 0});
    const found = db.pragma('quick_check(1)', {simple: true});
    db.close();
    if (found !== 'ok') removeIndex(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^SQLITE_(BUSY|LOCKED|CANTOPEN|READONLY|FULL|IOERR|PERM|AUTH)/.test(code)) removeIndex(path);
  }
}
