import {isAbsolute, join} from 'node:path';
import {readFingerprint, type Fingerprint} from '../../fingerprint/fingerprint.js';
import {isoSpan} from '../../graph/iso-span.js';
import {behindTorn, readHeader} from '../journal-header.js';
import {isObject} from '../record.js';
import {listedPart} from '../result-line.js';
import {journalsOf, readLines} from './journal-lines.js';

/** A result that the journals tell of, as lists show it. */
export interface ListedResult {
  readonly fingerprint: Fingerprint;
  readonly label: string;
  /** ISO 8601, UTC. */
  readonly endedAt: string;
  /** Milliseconds. */
  readonly took: number;
  readonly files: number;
  readonly bytes: number;
  /** Absent for a value. */
  readonly directory?: string;
  readonly edition: number;
}

/** The newest first; of the same time in an order that does not depend on where their lines stand. */
const newestFirst = (a: ListedResult, b: ListedResult): number =>
  a.endedAt === b.endedAt ? (a.fingerprint < b.fingerprint ? -1 : 1) : a.endedAt < b.endedAt ? 1 : -1;

/**
 * The latest result of each task that was not removed since, the newest first, by reading all journals of a store. Of each line only what
 * lists show is parsed: some microseconds a line.
 */
export async function scanResults(store: string): Promise<readonly ListedResult[]> {
  const found = new Map<string, {readonly at: number; readonly result: ListedResult}>();
  const gone = new Map<string, number>();
  for (const {path} of journalsOf(store)) {
    let known = true;
    await readLines(path, 0, text => {
      const line = behindTorn(text) ?? text;
      const header = readHeader(line);
      if (header !== undefined) known = header.known;
      else if (!known) return;
      else if (line.startsWith('{"is":"result"')) {
        const read = readListed(line, store);
        if (read !== undefined && read.at >= (found.get(read.result.fingerprint)?.at ?? 0))
          found.set(read.result.fingerprint, read);
      } else if (line.startsWith('{"is":"removed"')) {
        const {fingerprint, at} = parsed(line) ?? {};
        if (typeof fingerprint === 'string' && typeof at === 'number' && at > (gone.get(fingerprint) ?? 0))
          gone.set(fingerprint, at);
      }
    });
  }
  return [...found.values()]
    .filter(({at, result}) => at > (gone.get(result.fingerprint) ?? 0))
    .map(({result}) => result)
    .sort(newestFirst);
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const data: unknown = JSON.parse(line);
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function readListed(line: string, store: string): {readonly at: number; readonly result: ListedResult} | undefined {
  const {fingerprint: task, at, manifest, end} = parsed(listedPart(line) ?? line) ?? {};
  if (!isObject(manifest) || typeof task !== 'string' || typeof at !== 'number') return undefined;
  const fingerprint = readFingerprint(task);
  if (fingerprint === undefined || manifest['version'] !== 1 || manifest['fingerprint'] !== task) return undefined;
  if (end !== undefined && end !== task.slice(0, 12)) return undefined;
  const {label, edition, directory, outputs, startedAt, endedAt} = manifest;
  if (typeof label !== 'string' || typeof edition !== 'number' || !Array.isArray(outputs)) return undefined;
  if (typeof startedAt !== 'string' || typeof endedAt !== 'string') return undefined;
  const where = typeof directory === 'string' ? directory : undefined;
  const result: ListedResult = {
    fingerprint,
    label,
    endedAt,
    took: isoSpan(startedAt, endedAt),
    files: outputs.length,
    bytes: outputs.reduce((sum: number, output: unknown) => sum + (isObject(output) ? Number(output['size']) : 0), 0),
    ...(where === undefined ? {} : {directory: isAbsolute(where) ? where : join(store, where)}),
    edition,
  };
  return {at, result};
}
