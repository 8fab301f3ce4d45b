import {isAbsolute, join} from 'node:path';
import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import {isoSpan} from '../graph/iso-span.js';
import type {Manifest} from '../graph/manifest.js';
import {shortOf} from '../graph/recipe.js';
import {Durations} from './durations.js';
import type {CancelledRecord, FailedRecord, RenewedRecord, Stamp} from './journal-record.js';
import type {JournalText} from './journal-text.js';
import {parseManifest} from './manifest-schema.js';
import {isObject} from './record.js';
import {readEvidence, type Evidence} from './evidence.js';
import {behindTorn} from './journal-header.js';
import {hashOf} from './line-bytes.js';
import {LoneFiles} from './lone-files.js';
import {hashOfLabel, ResultHead} from './result-line.js';
import {ResultTable} from './result-table.js';

/** The latest line of each other kind about a task. */
interface Others {
  renewed?: RenewedRecord;
  failed?: FailedRecord;
  cancelled?: CancelledRecord;
  removedAt?: Stamp;
}

/** Where a line stands: in a journal that is kept open. */
interface Place {
  readonly text: JournalText;
  /** Bytes from the beginning. */
  readonly offset: number;
  /** Bytes, without its end. */
  readonly length: number;
}

/** How many parsed results are kept at hand. */
const PARSED = 1024;

/** The number of no file: the text of the line is kept. */
const KEPT = 0;

/**
 * What the journals of a store say of each task. Lines may be added in any order, and twice: the latest of each kind counts,
 * so putting journals together is their union. Of a result, the place of its line is kept; it is read when somebody asks for it.
 */
export class JournalIndex {
  /** Lines that could not be understood, and lines of runs of a newer Weft. */
  unreadable = 0;
  /** How long tasks took, for estimates. */
  readonly durations = new Durations();
  readonly #store: string;
  readonly #results = new ResultTable();
  readonly #loneFiles: LoneFiles;
  readonly #files: JournalText[] = [];
  readonly #numbers = new Map<JournalText, number>();
  /** Lines that stand in no file that is open, by their rows. */
  readonly #texts = new Map<number, string>();
  readonly #others = new Map<Fingerprint, Others>();
  readonly #parsed = new Map<number, Manifest>();
  readonly #head = new ResultHead();

  /** @param store the store's directory, which relative directories of results are relative to */
  constructor(store: string) {
    this.#store = store;
    this.#loneFiles = new LoneFiles(store);
  }

  /** Tasks that something is known of. */
  *fingerprints(): IterableIterator<Fingerprint> {
    for (let row = 0; row < this.#results.count; row++) yield this.#results.fingerprint(row);
    for (const fingerprint of this.#others.keys()) if (this.#results.find(fingerprint) < 0) yield fingerprint;
  }

  /** Tasks that failed once. */
  *failed(): IterableIterator<Fingerprint> {
    for (const [fingerprint, {failed}] of this.#others) if (failed !== undefined) yield fingerprint;
  }

  /** The latest result that was not removed, with renewed stamps. What its files are like now is another question. */
  manifest(fingerprint: Fingerprint): Manifest | undefined {
    const row = this.#results.find(fingerprint);
    if (row < 0 || this.#results.at(row) <= (this.#others.get(fingerprint)?.removedAt ?? 0)) return undefined;
    return this.#manifestAt(row, fingerprint);
  }

  /** What the latest result is checked by, without the rest of its line where that is possible. Undefined where it takes a closer look. */
  evidence(fingerprint: Fingerprint): Evidence | undefined {
    const row = this.#results.find(fingerprint);
    if (row < 0) return undefined;
    const others = this.#others.size === 0 ? undefined : this.#others.get(fingerprint);
    if (others?.renewed !== undefined || others?.removedAt !== undefined) return undefined;
    const found = this.#loneFiles.evidence(row, fingerprint) ?? this.#evidenceAt(row);
    if (found !== undefined) {
      const {directory} = found;
      if (directory === undefined || isAbsolute(directory)) return found;
      return {...found, directory: this.#store + directory.slice(1)};
    }
    const manifest = this.#manifestAt(row, fingerprint);
    if (manifest === undefined || Object.keys(manifest.read).length > 0) return undefined;
    const {directory, startedAt, endedAt} = manifest;
    const outputs = manifest.outputs.map(({path, size, mtimeNs}) => ({path, size, mtimeNs: BigInt(mtimeNs)}));
    return {...(directory === undefined ? {} : {directory}), outputs, took: isoSpan(startedAt, endedAt)};
  }

  /** The latest result, though it may have been removed: its edition goes on. */
  lastManifest(fingerprint: Fingerprint): Manifest | undefined {
    const row = this.#results.find(fingerprint);
    return row < 0 ? undefined : this.#manifestAt(row, fingerprint);
  }

  /** The latest results, though they were removed, of tasks that may bear one of some labels: told by the hash of these. */
  *mayBear(labels: Iterable<string>): IterableIterator<Fingerprint> {
    const hashes = new Set([...labels].map(hashOfLabel));
    for (let row = 0; row < this.#results.count; row++)
      if (hashes.has(this.#results.label(row))) yield this.#results.fingerprint(row);
  }

  /** The latest failure, unless the task succeeded, was cancelled or was forgotten since. */
  failure(fingerprint: Fingerprint): FailedRecord | undefined {
    const others = this.#others.get(fingerprint);
    const failed = others?.failed;
    if (others === undefined || failed === undefined) return undefined;
    const since = Math.max(this.#resultAt(fingerprint), others.cancelled?.at ?? 0, others.removedAt ?? 0);
    return failed.at > since ? failed : undefined;
  }

  /** When the latest line about a task was written; 0 if there is none. */
  lastStamp(fingerprint: Fingerprint): Stamp {
    const at = this.#resultAt(fingerprint);
    const others = this.#others.get(fingerprint);
    if (others === undefined) return at;
    const {renewed, failed, cancelled, removedAt} = others;
    return Math.max(at, renewed?.at ?? 0, failed?.at ?? 0, cancelled?.at ?? 0, removedAt ?? 0);
  }

  /**
   * Adds the line of a result as Weft itself writes it: its name, stamp, label and time are read, and nothing else yet. False for any other
   * line, which was not added.
   */
  addResult(bytes: Buffer, from: number, to: number, place?: Place): boolean {
    const head = this.#head;
    if (!head.read(bytes, from, to)) return false;
    const label = hashOf(bytes, head.labelFrom, head.labelTo);
    this.durations.add(bytes, to, head);
    const row = this.#results.row(head.words);
    if (this.#keepResult(row, head.at, label, place, () => bytes.toString('utf8', from, to)))
      this.#loneFiles.set(row, bytes, to, head);
    return true;
  }

  /** Adds any whole line, without its end. Never throws. False if it is not understood, which is counted. */
  add(line: string, known = true, place?: Place): boolean {
    if (known && line.startsWith('{"is":"result"')) {
      const bytes = Buffer.from(line);
      if (this.addResult(bytes, 0, bytes.length, place)) return true;
    }
    let data: unknown;
    try {
      data = JSON.parse(line);
    } catch {
      data = undefined;
    }
    const added = known && isObject(data) && this.#addRecord(data, line, place);
    if (!added) this.unreadable++;
    return added;
  }

  /** Lets go of the journals. What was read of them stays known. */
  close(): void {
    for (const text of this.#files) text.close();
  }

  #addRecord(data: Readonly<Record<string, unknown>>, line: string, place: Place | undefined): boolean {
    const {is, at} = data;
    const fingerprint = typeof data['fingerprint'] === 'string' ? readFingerprint(data['fingerprint']) : undefined;
    if (fingerprint === undefined || typeof at !== 'number' || !(at > 0)) return false;
    if (is === 'result') {
      const manifest = this.#parse(data['manifest'], fingerprint);
      // The beginning of one line, and the end of another.
      if (manifest === undefined || (data['end'] ?? shortOf(fingerprint)) !== shortOf(fingerprint)) return false;
      const {label, startedAt, endedAt, recipe} = manifest;
      this.durations.addResult(label, recipe, isoSpan(startedAt, endedAt));
      const row = this.#results.rowFor(fingerprint);
      if (this.#keepResult(row, at, hashOfLabel(label), place, () => line)) this.#loneFiles.clear(row);
      return true;
    }
    const others = this.#others.get(fingerprint) ?? {};
    if (is === 'renewed' && Array.isArray(data['mtimesNs'])) {
      if (later(at, others.renewed?.at)) others.renewed = data as unknown as RenewedRecord;
    } else if (is === 'failed' && isObject(data['failure']) && typeof data['failure']['reason'] === 'string') {
      if (later(at, others.failed?.at)) others.failed = data as unknown as FailedRecord;
    } else if (is === 'cancelled') {
      if (later(at, others.cancelled?.at)) others.cancelled = data as unknown as CancelledRecord;
    } else if (is === 'removed') {
      if (later(at, others.removedAt)) others.removedAt = at;
    } else {
      return false;
    }
    this.#others.set(fingerprint, others);
    return true;
  }

  /** False for an older line. Two writers at the same microsecond: the text decides, so that the order of reading does not. */
  #keepResult(row: number, at: Stamp, label: number, place: Place | undefined, line: () => string): boolean {
    const results = this.#results;
    if (results.at(row) > at) return false;
    if (results.at(row) === at) {
      const old = this.#lineAt(row);
      // The same line once more: journals are put together, and the old ones go then.
      if (old !== undefined && line() < old) return false;
    }
    this.#files[results.file(row) - 1]?.use(-1);
    place?.text.use(1);
    if (place === undefined) {
      results.set(row, at, KEPT, 0, 0, label);
      this.#texts.set(row, line());
    } else {
      results.set(row, at, this.#numberOf(place.text), place.offset, place.length, label);
      if (this.#texts.size > 0) this.#texts.delete(row);
    }
    if (this.#parsed.size > 0) this.#parsed.delete(row);
    return true;
  }

  #numberOf(text: JournalText): number {
    let number = this.#numbers.get(text);
    if (number === undefined) this.#numbers.set(text, (number = this.#files.push(text)));
    return number;
  }

  #resultAt(fingerprint: Fingerprint): Stamp {
    const row = this.#results.find(fingerprint);
    return row < 0 ? 0 : this.#results.at(row);
  }

  #evidenceAt(row: number): Evidence | undefined {
    const file = this.#files[this.#results.file(row) - 1];
    const length = this.#results.length(row);
    const at = file?.find(this.#results.offset(row), length) ?? -1;
    if (file === undefined || at < 0) return undefined;
    const evidence = readEvidence(file.bytes, at, at + length, this.#head);
    // A file may have been written over.
    return evidence !== undefined && this.#results.isOf(row, this.#head.words) ? evidence : undefined;
  }

  #lineAt(row: number): string | undefined {
    const file = this.#files[this.#results.file(row) - 1];
    return file === undefined ? this.#texts.get(row) : file.line(this.#results.offset(row), this.#results.length(row));
  }

  #manifestAt(row: number, fingerprint: Fingerprint): Manifest | undefined {
    if (this.#results.at(row) === 0) return undefined;
    let manifest = this.#parsed.get(row);
    if (manifest === undefined) {
      manifest = this.#parseLine(this.#lineAt(row), fingerprint);
      if (manifest === undefined) {
        this.unreadable++;
        this.#files[this.#results.file(row) - 1]?.use(-1);
        this.#results.clear(row);
        this.#loneFiles.clear(row);
        this.#texts.delete(row);
        return undefined;
      }
      if (this.#parsed.size >= PARSED) for (const oldest of this.#parsed.keys()) if (this.#parsed.delete(oldest)) break;
      this.#parsed.set(row, manifest);
    }
    return renew(manifest, this.#others.get(fingerprint)?.renewed);
  }

  #parseLine(line: string | undefined, fingerprint: Fingerprint): Manifest | undefined {
    if (line === undefined) return undefined;
    try {
      return this.#parse((JSON.parse(line) as {manifest: unknown}).manifest, fingerprint);
    } catch {
      // A torn line and a later one about the same task look like one.
      return this.#parseLine(behindTorn(line), fingerprint);
    }
  }

  #parse(data: unknown, fingerprint: Fingerprint): Manifest | undefined {
    const parsed = parseManifest(data);
    if (!parsed.ok || parsed.value.fingerprint !== fingerprint) return undefined;
    const {directory} = parsed.value;
    if (directory === undefined || isAbsolute(directory)) return parsed.value;
    return {...parsed.value, directory: join(this.#store, directory)};
  }
}

const later = (at: Stamp, than: Stamp | undefined): boolean => than === undefined || at > than;

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
