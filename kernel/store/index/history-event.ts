import {isAbsolute, join} from 'node:path';
import {readFingerprint, type Fingerprint} from '../../fingerprint/fingerprint.js';
import type {Failure} from '../../graph/failure.js';
import type {Manifest} from '../../graph/manifest.js';
import {parseManifest} from '../manifest-schema.js';
import {isObject} from '../record.js';
import {listedPart} from '../result-line.js';

/** What became of a task at some time, as its line of a journal tells. */
export interface HistoryEvent {
  readonly is: 'ran' | 'adopted' | 'failed' | 'cancelled';
  readonly fingerprint: Fingerprint;
  readonly label: string;
  /** When that was: milliseconds since the epoch. */
  readonly at: number;
  /** How long the task ran, milliseconds; absent where that was not recorded. */
  readonly took?: number;
  /** The host that it ran on; empty where that is not known. */
  readonly host: string;
  /** Where the result lay; absent for a value, and for what gave none. */
  readonly directory?: string;
  readonly failure?: Failure;
  /** Who accepted it, for what is `adopted`. */
  readonly adopted?: string;
}

/** A line that tells what became of a task, with all that search and lists need of it. */
export interface HistoryLine {
  readonly event: HistoryEvent;
  /** When the line was written: of two lines that tell the same event the later one counts. */
  readonly stamp: number;
  /** The result, where it is one. */
  readonly manifest?: Manifest;
}

/** The first bytes of a line about a task: its kind, fingerprint and stamp, in the order in which the store writes them. */
const HEAD = /^\{"is":"(result|failed|cancelled)","fingerprint":"[0-9a-f]{64}","at":([\d.]+)[,}]/;

/** When what a line tells happened, without reading all of it: milliseconds, a guess where its form is unusual; undefined: it is no such line. */
export function timeOf(line: string): number | undefined {
  const head = HEAD.exec(line);
  if (head === null)
    return line.startsWith('{"is":"r') && !line.startsWith('{"is":"result"') ? undefined : unusual(line);
  const [, is, stamp] = head;
  const key = '"endedAt":';
  // Behind it may stand the value of a task, which may have such a key too; in lines of an earlier order it comes last.
  const from = is === 'cancelled' ? -1 : listedPart(line) === undefined ? line.lastIndexOf(key) : line.indexOf(key);
  if (from < 0 || line.includes('"adopted":')) return Number(stamp);
  const value = line.slice(from + key.length, line.indexOf(is === 'result' ? '",' : '}', from));
  const time = is === 'result' ? Date.parse(value.slice(1)) : Number.parseFloat(value);
  return Number.isFinite(time) ? time : Number(stamp);
}

function unusual(line: string): number | undefined {
  try {
    const data: unknown = JSON.parse(line);
    return isObject(data) && ['result', 'failed', 'cancelled'].includes(String(data['is']))
      ? Number(data['at'])
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a line about what became of a task; undefined for any other line, and for one that can't be understood.
 * @param host of the run that wrote it
 * @param store the directory that relative directories are relative to
 */
export function readEvent(line: string, host: string, store: string): HistoryLine | undefined {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(data) || typeof data['fingerprint'] !== 'string' || typeof data['at'] !== 'number') return undefined;
  const {is, at, label, failure, startedAt, endedAt} = data;
  const fingerprint = readFingerprint(data['fingerprint']);
  if (fingerprint === undefined) return undefined;
  if (is === 'result') return readResult(data['manifest'], fingerprint, at, store);
  const known = {fingerprint, label: typeof label === 'string' ? label : '', host};
  if (is === 'cancelled') return {event: {is, ...known, at: Math.floor(at)}, stamp: at};
  if (is !== 'failed' || !isObject(failure) || typeof failure['reason'] !== 'string') return undefined;
  const ended = typeof endedAt === 'number' ? endedAt : at;
  const took = typeof startedAt === 'number' ? {took: ended - startedAt} : {};
  return {event: {is, ...known, at: Math.floor(ended), ...took, failure: failure as unknown as Failure}, stamp: at};
}

function readResult(data: unknown, fingerprint: Fingerprint, at: number, store: string): HistoryLine | undefined {
  const parsed = parseManifest(data);
  if (!parsed.ok || parsed.value.fingerprint !== fingerprint) return undefined;
  const manifest = parsed.value;
  const {label, host, directory, adopted} = manifest;
  const [started, ended] = [Date.parse(manifest.startedAt), Date.parse(manifest.endedAt)];
  const where = directory === undefined ? {} : {directory: isAbsolute(directory) ? directory : join(store, directory)};
  const known = {fingerprint, label, took: ended - started, host, ...where};
  const event: HistoryEvent =
    adopted === undefined ? {is: 'ran', ...known, at: ended} : {is: 'adopted', ...known, at: Math.floor(at), adopted};
  return {event, manifest, stamp: at};
}

/** Two lines that tell the same: journals may be put together, and hold a line twice. */
export const keyOf = ({is, fingerprint, at}: HistoryEvent): string => `${fingerprint} ${is} ${at}`;

/** The newest first; of the same time in an order that does not depend on where their lines stand. */
export function newestFirst(a: HistoryEvent, b: HistoryEvent): number {
  return b.at - a.at || (keyOf(a) < keyOf(b) ? -1 : 1);
}
