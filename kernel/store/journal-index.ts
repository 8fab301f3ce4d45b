import {isAbsolute, join, relative} from 'node:path';
import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {Durations, endOfText} from './durations.js';
import type {CancelledRecord, FailedRecord, RenewedRecord, Stamp} from './journal-record.js';
import {JOURNAL_VERSION} from './journal-record.js';
import {parseManifest} from './manifest-schema.js';
import {isObject} from './record.js';

/** The latest line of each kind about a task. A result stays text until somebody asks for it: parsing is most of the cost. */
interface Entry {
  result?: {readonly at: Stamp; readonly line: string} | undefined;
  manifest?: Manifest | undefined;
  renewed?: RenewedRecord;
  failed?: FailedRecord;
  cancelled?: CancelledRecord;
  removedAt?: Stamp;
}

/** Where the result of a task lies, absent for a value, the stamps of its files, and when it was made. */
export type Evidence = Pick<Manifest, 'directory' | 'outputs' | 'startedAt' | 'endedAt'>;

/**
 * What the end of a result's line begins with, as the store writes it: version, edition, what it read, directory, outputs and log. No text in
 * JSON can have it, as its quotes would be escaped; where a value has it, what follows is no JSON by itself.
 */
const EVIDENCE = ',"version":1,"edition":';

/** What stands before the label in the line of a result. */
const LABEL = '"label":"';

const RESULT = '{"is":"result","fingerprint":"';
const AT = '","at":';
const HASH_END = RESULT.length + 64;

/**
 * What the journals of a store say of each task. Lines may be added in any order, and twice: the latest of each kind counts,
 * so putting journals together is their union.
 */
export class JournalIndex {
  /** Lines that could not be understood, and lines of runs of a newer Weft. */
  unreadable = 0;
  /** How long tasks took, for estimates. */
  readonly durations = new Durations();
  readonly #store: string;
  readonly #entries = new Map<Fingerprint, Entry>();

  /** @param store the store's directory, which relative directories of results are relative to */
  constructor(store: string) {
    this.#store = store;
  }

  /** Tasks that something is known of. */
  fingerprints(): IterableIterator<Fingerprint> {
    return this.#entries.keys();
  }

  /** The latest result that was not removed, with renewed stamps. What its files are like now is another question. */
  manifest(fingerprint: Fingerprint): Manifest | undefined {
    const entry = this.#entries.get(fingerprint);
    if (entry?.result === undefined || entry.result.at <= (entry.removedAt ?? 0)) return undefined;
    return this.lastManifest(fingerprint);
  }

  /** What the latest result is checked by, from the end of its line alone. Undefined where that takes a closer look. */
  evidence(fingerprint: Fingerprint): Evidence | undefined {
    const entry = this.#entries.get(fingerprint);
    if (entry?.result === undefined || entry.renewed !== undefined || entry.removedAt !== undefined) return undefined;
    const {line} = entry.result;
    const from = line.lastIndexOf(EVIDENCE);
    if (from < 0) return undefined;
    try {
      const {read, startedAt, endedAt, directory, outputs} = JSON.parse(`{${line.slice(from + 1, -1)}`) as Manifest;
      if (Object.keys(read).length > 0) return undefined;
      if (directory === undefined) return {outputs, startedAt, endedAt};
      const place = isAbsolute(directory) ? directory : this.#store + directory.slice(1);
      return {directory: place, outputs, startedAt, endedAt};
    } catch {
      return undefined;
    }
  }

  /** The latest result, though it may have been removed: its edition goes on. */
  lastManifest(fingerprint: Fingerprint): Manifest | undefined {
    const entry = this.#entries.get(fingerprint);
    if (entry?.result === undefined) return undefined;
    entry.manifest ??= this.#parse(entry.result.line, fingerprint);
    if (entry.manifest === undefined) {
      this.unreadable++;
      entry.result = undefined;
      return undefined;
    }
    return renew(entry.manifest, entry.renewed);
  }

  /** Whether the latest result of a task may bear one of some labels, which are given in JSON: from its line, unparsed. */
  mayBear(fingerprint: Fingerprint, labels: ReadonlySet<string>): boolean {
    const line = this.#entries.get(fingerprint)?.result?.line;
    if (line === undefined) return false;
    for (let at = line.indexOf(LABEL, HASH_END); at >= 0; at = line.indexOf(LABEL, at)) {
      at += LABEL.length;
      if (labels.has(line.slice(at - 1, endOfText(line, at - 1) + 1))) return true;
    }
    return false;
  }

  /** The latest failure, unless the task succeeded, was cancelled or was forgotten since. */
  failure(fingerprint: Fingerprint): FailedRecord | undefined {
    const entry = this.#entries.get(fingerprint);
    const failed = entry?.failed;
    if (entry === undefined || failed === undefined) return undefined;
    const since = Math.max(entry.result?.at ?? 0, entry.cancelled?.at ?? 0, entry.removedAt ?? 0);
    return failed.at > since ? failed : undefined;
  }

  /** When the latest line about a task was written; 0 if there is none. */
  lastStamp(fingerprint: Fingerprint): Stamp {
    const entry = this.#entries.get(fingerprint);
    if (entry === undefined) return 0;
    const {result, renewed, failed, cancelled, removedAt} = entry;
    return Math.max(result?.at ?? 0, renewed?.at ?? 0, failed?.at ?? 0, cancelled?.at ?? 0, removedAt ?? 0);
  }

  /** Adds a whole line, without its end. Never throws. Gives the task that it speaks of, if it is understood. */
  add(line: string, known = true): Fingerprint | undefined {
    const quick = known ? this.#addResult(line) : undefined;
    if (quick !== undefined) return quick;
    let data: unknown;
    try {
      data = JSON.parse(line);
    } catch {
      data = undefined;
    }
    const fingerprint = known ? this.#addRecord(data, line) : undefined;
    if (fingerprint === undefined && !isRun(data)) this.unreadable++;
    return fingerprint;
  }

  /** A result as Weft itself writes it: nothing but its name and stamp is looked at yet. */
  #addResult(line: string): Fingerprint | undefined {
    if (!line.startsWith(RESULT) || !line.startsWith(AT, HASH_END) || !line.endsWith('}}')) return undefined;
    const fingerprint = readFingerprint(line.slice(RESULT.length, HASH_END));
    const from = HASH_END + AT.length;
    const comma = line.indexOf(',', from);
    const at = Number(line.slice(from, comma));
    if (fingerprint === undefined || !(at > 0)) return undefined;
    this.durations.add(line, comma + 1);
    this.#keepResult(this.#entry(fingerprint), at, line);
    return fingerprint;
  }

  #addRecord(data: unknown, line: string): Fingerprint | undefined {
    if (!isObject(data)) return undefined;
    const {is, at} = data;
    const fingerprint = typeof data['fingerprint'] === 'string' ? readFingerprint(data['fingerprint']) : undefined;
    if (fingerprint === undefined || typeof at !== 'number' || !(at > 0)) return undefined;
    const entry = this.#entry(fingerprint);
    if (is === 'result' && isObject(data['manifest'])) {
      this.#keepResult(entry, at, line);
    } else if (is === 'renewed' && Array.isArray(data['mtimesNs'])) {
      if (later(at, entry.renewed?.at)) entry.renewed = data as unknown as RenewedRecord;
    } else if (is === 'failed' && isObject(data['failure']) && typeof data['failure']['reason'] === 'string') {
      if (later(at, entry.failed?.at)) entry.failed = data as unknown as FailedRecord;
    } else if (is === 'cancelled') {
      if (later(at, entry.cancelled?.at)) entry.cancelled = data as unknown as CancelledRecord;
    } else if (is === 'removed') {
      if (later(at, entry.removedAt)) entry.removedAt = at;
    } else {
      return undefined;
    }
    return fingerprint;
  }

  /** Two writers at the same microsecond: the text decides, so that the order of reading does not. */
  #keepResult(entry: Entry, at: Stamp, line: string): void {
    const old = entry.result;
    if (old !== undefined && (at < old.at || (at === old.at && line <= old.line))) return;
    entry.result = {at, line};
    entry.manifest = undefined;
  }

  #entry(fingerprint: Fingerprint): Entry {
    let entry = this.#entries.get(fingerprint);
    if (entry === undefined) this.#entries.set(fingerprint, (entry = {}));
    return entry;
  }

  #parse(line: string, fingerprint: Fingerprint): Manifest | undefined {
    try {
      const parsed = parseManifest((JSON.parse(line) as {manifest: unknown}).manifest);
      if (!parsed.ok || parsed.value.fingerprint !== fingerprint) return undefined;
      const {directory} = parsed.value;
      if (directory === undefined || isAbsolute(directory)) return parsed.value;
      return {...parsed.value, directory: join(this.#store, directory)};
    } catch {
      return undefined;
    }
  }
}

const later = (at: Stamp, than: Stamp | undefined): boolean => than === undefined || at > than;

/** The header of a run. `known` is false for one whose lines this Weft can't read. */
export function readHeader(line: string): {readonly known: boolean} | undefined {
  if (!line.startsWith('{"is":"run"')) return undefined;
  try {
    const data: unknown = JSON.parse(line);
    return isRun(data) ? {known: data['version'] === JOURNAL_VERSION} : undefined;
  } catch {
    return undefined;
  }
}

const isRun = (data: unknown): data is Readonly<Record<string, unknown>> => isObject(data) && data['is'] === 'run';

/** The directory of a result as the journal has it: relative if it lies in the store, so that a store can be moved. */
export function portable(manifest: Manifest, store: string): Manifest {
  if (manifest.directory === undefined) return manifest;
  const inside = relative(store, manifest.directory);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return manifest;
  return {...manifest, directory: `./${inside}`};
}

function renew(manifest: Manifest, renewed: RenewedRecord | undefined): Manifest {
  if (
    renewed?.edition !== manifest.edition ||
    renewed.endedAt !== manifest.endedAt ||
    renewed.mtimesNs.length !== manifest.outputs.length
  ) {
    return manifest;
  }
  const outputs = manifest.outputs.map((output, at) => ({...output, mtimeNs: renewed.mtimesNs[at] ?? output.mtimeNs}));
  return {...manifest, outputs};
}
