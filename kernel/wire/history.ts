import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {HistoryEntry, HistoryFiles} from './history-files.js';

interface Entry extends HistoryEntry {
  output: string | null;
}

/** A line of a `history_reply`: session, execution count, and the code, or the code with its result's text. */
export type HistoryLine = readonly [session: number, count: number, line: string | readonly [string, string | null]];

/**
 * What was executed, as `history_request` asks for it (jupyter/jupyter_client:docs/messaging.rst, "History"): this session, and
 * with files those before it and beside it.
 */
export class History {
  readonly #files: HistoryFiles | undefined;
  readonly #entries: Entry[] = [];

  constructor(files?: HistoryFiles) {
    this.#files = files;
  }

  /** Adds a cell that begins. */
  add(count: number, code: string): void {
    this.#entries.push({session: this.#session, count, code, output: null});
    this.#files?.code(count, code);
  }

  /** Keeps the text of a cell's result. */
  setOutput(count: number, text: string): void {
    const entry = this.#entries.findLast(each => each.count === count);
    if (entry === undefined) return;
    entry.output = text;
    this.#files?.output(count, text);
  }

  /** Answers the content of a `history_request`; what it does not understand gives no lines. */
  answer(content: JsonObject): HistoryLine[] {
    return this.#select(content).map(({session, count, code, output}) => [
      session,
      count,
      content['output'] === true ? [code, output] : code,
    ]);
  }

  /** Resolves when all is in its file. */
  async settled(): Promise<void> {
    await this.#files?.settled();
  }

  get #session(): number {
    return this.#files?.session ?? 1;
  }

  #select(content: JsonObject): readonly HistoryEntry[] {
    const n = asCount(content['n']);
    const access = content['hist_access_type'];
    switch (typeof access === 'string' ? access : '') {
      case 'tail':
        return last(this.#all(), n);
      case 'range': {
        const start = asCount(content['start']) ?? 0;
        const stop = asCount(content['stop']) ?? Infinity;
        return this.#ofSession(asCount(content['session']) ?? 0).filter(({count}) => count >= start && count < stop);
      }
      case 'search': {
        const pattern = typeof content['pattern'] === 'string' ? content['pattern'] : '*';
        const found = this.#all().filter(({code}) => fits(code, pattern));
        return last(content['unique'] === true ? unique(found) : found, n);
      }
      default:
        return [];
    }
  }

  /** This session comes last, though another kernel may have begun after it. */
  #all(): readonly HistoryEntry[] {
    return [...(this.#files?.others() ?? []), ...this.#entries];
  }

  /** 0 is this session, -1 the one before it, as in IPython. */
  #ofSession(session: number): readonly HistoryEntry[] {
    if (session === 0) return this.#entries;
    const all = this.#all();
    if (session > 0) return all.filter(entry => entry.session === session);
    const own = this.#entries[0]?.session ?? Infinity;
    const earlier = [...new Set(all.map(entry => entry.session))].filter(each => each < own);
    const wanted = earlier.at(session);
    return all.filter(entry => entry.session === wanted);
  }
}

const asCount = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

const last = (entries: readonly HistoryEntry[], n: number | undefined): readonly HistoryEntry[] =>
  n === undefined ? entries : entries.slice(Math.max(0, entries.length - n));

/** One entry of each code: its last. */
function unique(entries: readonly HistoryEntry[]): HistoryEntry[] {
  const last = new Map(entries.map(entry => [entry.code, entry]));
  return entries.filter(entry => last.get(entry.code) === entry);
}

/**
 * True where the whole text fits: `*` is any text, `?` any character, as in SQLite's GLOB. A regular expression would take for
 * ever with many stars and long cells; this goes back to the last star only.
 */
function fits(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let from = 0;
  while (at < text.length) {
    const wanted = pattern[next];
    if (wanted === '*') {
      star = next++;
      from = at;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[at])) {
      at += wanted === '?' && (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++from;
    } else return false;
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
