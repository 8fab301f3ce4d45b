import {shortOf} from '../graph/recipe.js';
import {ISO_LENGTH, isoSpan} from '../graph/iso-span.js';
import type {Manifest} from '../graph/manifest.js';
import type {ResultRecord, Stamp} from './journal-record.js';

const RESULT = '{"is":"result","fingerprint":"';
const HASH = 64;
const AT = '","at":';
const MANIFEST = ',"manifest":{"fingerprint":"';
const LABEL = '","label":"';
const EDITION = '","version":1,"edition":';
const READ = ',"read":';
const STARTED = ',"startedAt":"';
const ENDED = '","endedAt":"';
const DIRECTORY = '","directory":"';
const NO_DIRECTORY = '"';
const OUTPUTS = ',"outputs":[';
const PATH = '{"path":"';
const SIZE = '","size":';
const MTIME = ',"mtimeNs":"';
const SHA = '","sha256":"';
const RECIPE = ',"recipe":{"kind":"';
const NAME = '","name":"';
const SCRIPT = '","arguments":{"script":';
const END = ',"end":"';
const END_LENGTH = END.length + 12 + 2;

/** Bytes of a script that tell it from others. */
const SCRIPT_BYTES = 480;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;

/** The value of a hex digit by its code; more than 15 for what is none. */
const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) HEX[digit.toString(16).charCodeAt(0)] = digit;

/**
 * The line of a result in a journal. What a hit is checked by, and what lists show, stands first, where it is read without the rest. The end
 * names the task once more, so that the beginning of one line and the end of another are never taken for a line.
 */
export function resultLine(at: Stamp, manifest: Manifest): string {
  const {fingerprint, label, version, edition, read, startedAt, endedAt, directory, outputs} = manifest;
  const {exit, host, adopted, adoptedFrom, recipe, ...rest} = manifest;
  const ordered: Manifest = {
    fingerprint,
    label,
    version,
    edition,
    read,
    startedAt,
    endedAt,
    ...(directory === undefined ? {} : {directory}),
    outputs: outputs.map(({path, size, mtimeNs, sha256}) => ({path, size, mtimeNs, sha256})),
    exit,
    host,
    ...(adopted === undefined ? {} : {adopted}),
    ...(adoptedFrom === undefined ? {} : {adoptedFrom}),
    recipe: headed(recipe),
    // A value and a log, which may have any text in them.
    ...(rest.value === undefined ? {} : {value: rest.value}),
    ...(rest.log === undefined ? {} : {log: rest.log}),
  };
  const record: ResultRecord = {is: 'result', fingerprint, at, manifest: ordered, end: shortOf(fingerprint)};
  return JSON.stringify(record);
}

/** A recipe with its kind and name first. */
const headed = ({kind, name, ...rest}: Manifest['recipe']): Manifest['recipe'] => ({kind, name, ...rest});

/** What of a result's line is looked at while its journal is read. Made once and filled again and again: lines come by the hundred thousand. */
export class ResultHead {
  /** The fingerprint, 32 bytes. */
  readonly words = new Uint32Array(8);
  at: Stamp = 0;
  /** Where the text of the label begins and ends, as JSON has it. */
  labelFrom = 0;
  labelTo = 0;
  /** Milliseconds. */
  took = 0;

  /** Reads the line that lies between two places; false for one of another form, of which nothing is known then. */
  read(bytes: Buffer, from: number, to: number): boolean {
    if (!isAt(bytes, from, RESULT) || !isAt(bytes, to - END_LENGTH, END)) return false;
    const hash = from + RESULT.length;
    for (let n = 0; n < 12; n++) if (bytes[hash + n] !== bytes[to - 14 + n]) return false;
    if (!readWords(bytes, hash, this.words)) return false;
    let at = hash + HASH;
    if (!isAt(bytes, at, AT)) return false;
    at = this.#readStamp(bytes, at + AT.length);
    if (at < 0 || !isAt(bytes, at, MANIFEST)) return false;
    at += MANIFEST.length;
    for (let n = 0; n < HASH; n++) if (bytes[hash + n] !== bytes[at + n]) return false;
    at += HASH;
    if (!isAt(bytes, at, LABEL)) return false;
    this.labelFrom = at + LABEL.length;
    this.labelTo = endOfText(bytes, this.labelFrom, to);
    at = this.labelTo;
    if (at < 0 || !isAt(bytes, at, EDITION)) return false;
    at = bytes.indexOf(STARTED, at + EDITION.length, 'latin1');
    if (at < 0 || at >= to) return false;
    this.took = tookAt(bytes, at);
    return this.took >= 0;
  }

  /** Milliseconds since the epoch with at most three decimals, as JSON.parse reads them; gives where it ends, or less than 0. */
  #readStamp(bytes: Buffer, from: number): number {
    let whole = 0;
    let scale = 0;
    let at = from;
    for (; at < from + 20; at++) {
      const code = bytes[at] ?? 0;
      if (code === 46 && scale === 0) scale = 1;
      else if (code >= 48 && code <= 57) {
        whole = whole * 10 + code - 48;
        scale *= 10;
      } else break;
    }
    if (bytes[at] !== COMMA || !Number.isSafeInteger(whole) || scale > 1000) return -1;
    // Exact: both are whole numbers, and a division rounds as reading the decimals does.
    this.at = scale === 0 ? whole : whole / scale;
    return this.at > 0 ? at : -1;
  }
}

/** A script without a name is called after its language: the text that tells it from others, as JSON; undefined for what has a name. */
export function scriptOf(bytes: Buffer, to: number, head: ResultHead, name: string): string | undefined {
  const at = bytes.indexOf(RECIPE, head.labelTo, 'latin1') + RECIPE.length;
  if (at < RECIPE.length || at >= to || !isAt(bytes, at, name)) return undefined;
  const named = at + name.length;
  if (!isAt(bytes, named, NAME) || !isAt(bytes, named + NAME.length, name)) return undefined;
  const script = named + NAME.length + name.length;
  if (!isAt(bytes, script, SCRIPT)) return undefined;
  return bytes.toString('utf8', script + SCRIPT.length, Math.min(to, script + SCRIPT.length + SCRIPT_BYTES));
}

/** A file of a result as a hit looks at it. */
export interface RecordedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds, as decimal text. */
  readonly mtimeNs: string;
}

/** Where the result of a task lies, absent for a value, the stamps of its files, and the milliseconds that it took. */
export interface Evidence {
  readonly directory?: string;
  readonly outputs: readonly RecordedFile[];
  readonly took: number;
}

/**
 * What a result is checked by, from the beginning of its line alone. The directory is as the line has it. Undefined for a line of another
 * form, for a name that JSON writes in another way than it is, and for a result that has read others.
 * @param head is filled: whose line it is
 */
export function readEvidence(bytes: Buffer, from: number, to: number, head: ResultHead): Evidence | undefined {
  if (!head.read(bytes, from, to)) return undefined;
  let at = head.labelTo + EDITION.length;
  while (isDigit(bytes[at])) at++;
  if (!isAt(bytes, at, READ) || !isAt(bytes, at + READ.length, '{}')) return undefined;
  at += READ.length + 2 + STARTED.length + ISO_LENGTH + ENDED.length + ISO_LENGTH;
  let directory: string | undefined;
  if (isAt(bytes, at, DIRECTORY)) {
    const begin = at + DIRECTORY.length;
    at = endOfPlain(bytes, begin, to);
    if (at < 0) return undefined;
    directory = bytes.toString('latin1', begin, at);
  }
  if (!isAt(bytes, at, NO_DIRECTORY) || !isAt(bytes, at + 1, OUTPUTS)) return undefined;
  at += 1 + OUTPUTS.length;
  const outputs: RecordedFile[] = [];
  while (isAt(bytes, at, PATH)) {
    const begin = at + PATH.length;
    const end = endOfPlain(bytes, begin, to);
    if (end < 0 || !isAt(bytes, end, SIZE)) return undefined;
    const path = bytes.toString('latin1', begin, end);
    let size = 0;
    for (at = end + SIZE.length; isDigit(bytes[at]); at++) size = size * 10 + (bytes[at] ?? 0) - 48;
    if (!isAt(bytes, at, MTIME)) return undefined;
    const time = at + MTIME.length;
    at = endOfPlain(bytes, time, to);
    if (at < 0 || !isAt(bytes, at, SHA)) return undefined;
    outputs.push({path, size, mtimeNs: bytes.toString('latin1', time, at)});
    at += SHA.length + HASH + 2;
    if (bytes[at] === COMMA) at++;
  }
  // What follows is `],"exit":`; anything else was no list of files.
  if (bytes[at] !== 93) return undefined;
  return directory === undefined ? {outputs, took: head.took} : {directory, outputs, took: head.took};
}

/** Whether a line is a result's of the order that {@link resultLine} writes, with the task at its end that it begins with. */
export const endsAsItBegins = (line: string): boolean =>
  line.startsWith(RESULT) &&
  line.startsWith(END, line.length - END_LENGTH) &&
  line.startsWith(line.slice(RESULT.length, RESULT.length + 12), line.length - 14);

/** The text that lies before a result's recipe, value and log, closed so that it is JSON: what lists need, and little to parse. */
export function listedPart(line: string): string | undefined {
  if (!endsAsItBegins(line)) return undefined;
  // No text and no key before it can have these characters with their quotes.
  const at = line.indexOf(RECIPE);
  return at < 0 ? undefined : `${line.slice(0, at)}}}`;
}

/** Takes 64 hex digits; false where they are none. */
export function readWords(bytes: Uint8Array, from: number, words: Uint32Array): boolean {
  let wrong = 0;
  for (let word = 0, at = from; word < 8; word++) {
    let value = 0;
    for (let n = 0; n < 8; n++, at++) {
      const digit = HEX[bytes[at] ?? 0] ?? 255;
      wrong |= digit;
      value = (value << 4) | digit;
    }
    words[word] = value;
  }
  return (wrong & 0xf0) === 0;
}

/** The hash of some bytes (FNV-1a, 32 bits). */
export function hashOf(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

/** A label's hash, as JSON has its text, without the quotes. */
export const hashOfLabel = (label: string): number => hashOf(Buffer.from(JSON.stringify(label).slice(1, -1)));

const isDigit = (code: number | undefined): boolean => code !== undefined && code >= 48 && code <= 57;

/** Whether a text of ASCII lies at a place. */
function isAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[at + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Where a text of JSON ends that begins at a place, at its quote; less than 0 if it does not. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return -1;
}

/** The same of a text that is written as it is: less than 0 for one that has other letters than ASCII, or an escape. */
function endOfPlain(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code > 126) return -1;
  }
  return -1;
}

/** Milliseconds between two times that begin with `,"startedAt":"`; less than 0 where these are none. */
function tookAt(bytes: Buffer, at: number): number {
  const started = at + STARTED.length;
  const ended = started + ISO_LENGTH + ENDED.length;
  if (!isAt(bytes, started + ISO_LENGTH, ENDED)) return -1;
  const day = (from: number): number =>
    ((two(bytes, from + 11) * 60 + two(bytes, from + 14)) * 60 + two(bytes, from + 17)) * 1000 +
    two(bytes, from + 20) * 10 +
    (bytes[from + 22] ?? 0) -
    48;
  for (let n = 0; n < 10; n++)
    if (bytes[started + n] !== bytes[ended + n])
      return isoSpan(
        bytes.toString('latin1', started, started + ISO_LENGTH),
        bytes.toString('latin1', ended, ended + ISO_LENGTH),
      );
  const span = day(ended) - day(started);
  return span >= 0 ? span : 0;
}

const two = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) * 10 + (bytes[at + 1] ?? 0) - 528;
