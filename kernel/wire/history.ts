import type {JsonObject, JsonValue} from '../fingerprint/json.js';

/** The number that this kernel's session has in replies. A request may also call it 0, "the current one". */
const SESSION = 1;

interface Entry {
  readonly count: number;
  readonly code: string;
  output: string | null;
}

/** A line of a `history_reply`: session, execution count, and the code, or the code with its result's text. */
export type HistoryLine = readonly [session: number, count: number, line: string | readonly [string, string | null]];

/** What was executed in this session, as `history_request` asks for it (jupyter/jupyter_client:docs/messaging.rst, "History"). */
export class History {
  readonly #entries: Entry[] = [];

  /** Adds a cell that begins. */
  add(count: number, code: string): void {
    this.#entries.push({count, code, output: null});
  }

  /** Keeps the text of a cell's result. */
  setOutput(count: number, text: string): void {
    const entry = this.#entries.findLast(each => each.count === count);
    if (entry !== undefined) entry.output = text;
  }

  /** Answers the content of a `history_request`; what it does not understand gives no lines. */
  answer(content: JsonObject): HistoryLine[] {
    return this.#select(content).map(({count, code, output}) => [
      SESSION,
      count,
      content['output'] === true ? [code, output] : code,
    ]);
  }

  #select(content: JsonObject): readonly Entry[] {
    const n = asCount(content['n']);
    const access = content['hist_access_type'];
    switch (typeof access === 'string' ? access : '') {
      case 'tail':
        return last(this.#entries, n);
      case 'range': {
        const session = content['session'] ?? 0;
        if (session !== 0 && session !== SESSION) return [];
        const start = asCount(content['start']) ?? 0;
        const stop = asCount(content['stop']) ?? Infinity;
        return this.#entries.filter(({count}) => count >= start && count < stop);
      }
      case 'search': {
        const pattern = glob(typeof content['pattern'] === 'string' ? content['pattern'] : '*');
        const found = this.#entries.filter(({code}) => pattern.test(code));
        return last(content['unique'] === true ? unique(found) : found, n);
      }
      default:
        return [];
    }
  }
}

const asCount = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

const last = (entries: readonly Entry[], n: number | undefined): readonly Entry[] =>
  n === undefined ? entries : entries.slice(Math.max(0, entries.length - n));

/** One entry of each code: its last. */
const unique = (entries: readonly Entry[]): Entry[] =>
  entries.filter(({code}, at) => !entries.slice(at + 1).some(later => later.code === code));

/** `*` is any text, `?` any character, as in SQLite's GLOB; the whole code must match. */
function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}
