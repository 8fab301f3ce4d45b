import {isAbsolute, relative} from 'node:path';
import {shortOf} from '../graph/recipe.js';
import {ISO_LENGTH, isoSpan} from '../graph/iso-span.js';
import type {Manifest} from '../graph/manifest.js';
import type {ResultRecord, Stamp} from './journal-record.js';
import {endOfText, hashOf, isAt, readWords} from './line-bytes.js';

/** How the line of a result begins. */
export const RESULT = '{"is":"result","fingerprint":"';
/** Digits of a hash. */
export const HASH = 64;
const AT = '","at":';
const MANIFEST = ',"manifest":{"fingerprint":"';
const LABEL = '","label":"';
/** What stands between a label and the number of the edition. */
export const EDITION = '","version":1,"edition":';
/** What stands before what a result has read. */
export const READ = ',"read":';
/** What stands before the time at which it started. */
export const STARTED = ',"startedAt":"';
/** What stands between that and the time at which it ended. */
export const ENDED = '","endedAt":"';
const RECIPE = ',"recipe":{"kind":"';
const NAME = '","name":"';
const SCRIPT = '","arguments":{"script":';
const END = ',"end":"';
const END_LENGTH = END.length + 12 + 2;

const COMMA = 44;

/** Bytes of a script that tell it from others. */
const SCRIPT_BYTES = 480;

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

/** The directory of a result as the journal has it: relative if it lies in the store, so that a store can be moved. */
export function portable(manifest: Manifest, store: string): Manifest {
  if (manifest.directory === undefined) return manifest;
  const inside = relative(store, manifest.directory);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return manifest;
  return {...manifest, directory: `./${inside}`};
}

/** A recipe with its kind and name first. */
const headed = ({kind, name, ...rest}: Manifest['recipe']): Manifest['recipe'] => ({kind, name, ...rest});

/** What of a result's line is looked at while its journal is read. Made once and filled again and again: lines come by the hundred thousand. */
export class ResultHead {
  /** The fingerprint, 32 bytes. */
  readonly words = new Uint32Array(8);
  /** Where the line begins. */
  from = 0;
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
    this.from = from;
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
    // Most read nothing and are of the first editions: a search costs more than a look.
    const usual = at + EDITION.length + 1 + READ.length + 2;
    at = isAt(bytes, usual, STARTED) ? usual : bytes.indexOf(STARTED, at + EDITION.length, 'latin1');
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

/** A label's hash, as JSON has its text, without the quotes. */
export const hashOfLabel = (label: string): number => hashOf(Buffer.from(JSON.stringify(label).slice(1, -1)));

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
