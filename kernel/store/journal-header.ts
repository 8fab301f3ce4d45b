import {JOURNAL_VERSION} from './journal-record.js';
import {isObject} from './record.js';
import {endsAsItBegins} from './result-line.js';

/** The first line of a run's journal. */
export interface JournalHeader {
  /** False for a run whose lines this Weft can't read. */
  readonly known: boolean;
  /** Empty where it is not known. */
  readonly host: string;
}

/** Where a line of a journal may begin behind a torn one. */
const BEGIN = /\{"is":"(?:run","version"|(?:result|renewed|failed|cancelled|removed)","fingerprint"):/g;

/** Reads the header of a run; undefined for any other line. */
export function readHeader(line: string): JournalHeader | undefined {
  if (!line.startsWith('{"is":"run"')) return undefined;
  try {
    const data: unknown = JSON.parse(line);
    if (!isObject(data) || data['is'] !== 'run') return undefined;
    return {known: data['version'] === JOURNAL_VERSION, host: typeof data['host'] === 'string' ? data['host'] : ''};
  } catch {
    return undefined;
  }
}

/**
 * What stands whole at the end of a line whose beginning is torn: the last line of a journal whose writer was killed has no end, so that the first
 * line of another is joined to it where the two are put together. Undefined where nothing does, or the line is whole.
 */
export function behindTorn(line: string): string | undefined {
  // Two lines about one task end as they begin, too.
  if (endsAsItBegins(line) && line.indexOf('{"is":"', 1) < 0) return undefined;
  const places = [...line.matchAll(BEGIN)].map(match => match.index).filter(at => at > 0);
  // A value of a task may be such a record, in a line that is whole.
  if (places.length === 0 || isJson(line)) return undefined;
  const at = places.findLast(place => isJson(line.slice(place)));
  return at === undefined ? undefined : line.slice(at);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
