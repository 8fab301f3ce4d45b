import {behindTorn, readHeader} from '../journal-header.js';
import {keyOf, newestFirst, readEvent, timeOf, type HistoryEvent, type HistoryLine} from './history-event.js';
import {journalsOf, readLines} from './journal-lines.js';

interface Candidate {
  readonly at: number;
  readonly line: string;
  readonly host: string;
}

/**
 * The newest events of a store, by reading all of its journals: nothing but the store is needed, and only what is given is
 * parsed. A hundred megabytes take some tenths of a second.
 * @param count how many at most
 */
export async function scanHistory(store: string, count: number): Promise<readonly HistoryEvent[]> {
  let kept: Candidate[] = [];
  let oldest = -Infinity;
  // A line may be there twice, in two journals that are being put together.
  const room = 2 * count + 64;
  for (const {path} of journalsOf(store)) {
    let known = true;
    let host = '';
    await readLines(path, 0, text => {
      const line = behindTorn(text) ?? text;
      const header = readHeader(line);
      if (header !== undefined) {
        known = header.known;
        host = header.host;
        return;
      }
      const at = known ? timeOf(line) : undefined;
      if (at === undefined || at < oldest) return;
      kept.push({at, line, host});
      if (kept.length < 4 * room) return;
      kept = distinct(kept).slice(0, room);
      oldest = kept.length < room ? -Infinity : (kept.at(-1)?.at ?? -Infinity);
    });
  }
  const events = new Map<string, HistoryLine>();
  for (const {line, host} of kept) {
    const read = readEvent(line, host, store);
    const key = read === undefined ? '' : keyOf(read.event);
    if (read !== undefined && read.stamp >= (events.get(key)?.stamp ?? 0)) events.set(key, read);
  }
  return [...events.values()]
    .map(({event}) => event)
    .sort(newestFirst)
    .slice(0, count);
}

/** The same line once, the newest first. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const lines = new Map(candidates.map(candidate => [candidate.line, candidate]));
  return [...lines.values()].sort((a, b) => b.at - a.at);
}
