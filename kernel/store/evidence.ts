import {ISO_LENGTH} from '../graph/iso-span.js';
import {decimal, endOfPlain, isAt, isDigit} from './line-bytes.js';
import {EDITION, ENDED, HASH, READ, RESULT, STARTED, type ResultHead} from './result-line.js';

const DIRECTORY = '","directory":"';
const WORK = './work/';
const NO_DIRECTORY = '"';
const OUTPUTS = ',"outputs":[';
const PATH = '{"path":"';
const SIZE = '","size":';
const MTIME = ',"mtimeNs":"';
const SHA = '","sha256":"';
const LAST = '"}],';

const COMMA = 44;

/** A file of a result as a hit looks at it. */
export interface RecordedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds. */
  readonly mtimeNs: bigint;
}

/** Where the result of a task lies, absent for a value, the stamps of its files, and the milliseconds that it took. */
export interface Evidence {
  readonly directory?: string;
  readonly outputs: readonly RecordedFile[];
  readonly took: number;
}

/** The only file of a result that lies in the store in the place that is named after it, as its line has it. Filled again and again. */
export class LoneFile {
  /** Where what its directory is called stands, but for the hash. */
  nameFrom = 0;
  nameTo = 0;
  pathFrom = 0;
  pathTo = 0;
  /** Bytes. */
  size = 0;
  /** Its time: seconds since the epoch, and what is more. */
  seconds = 0;
  nanoseconds = 0;

  /** Reads it behind the head of a line; false for a result of another kind, or one that has read others. */
  read(bytes: Buffer, to: number, head: ResultHead): boolean {
    let at = behindTimes(bytes, head);
    if (at < 0 || !isAt(bytes, at, DIRECTORY) || !isAt(bytes, at + DIRECTORY.length, WORK)) return false;
    at += DIRECTORY.length + WORK.length;
    const end = endOfPlain(bytes, at, to);
    const hash = head.from + RESULT.length;
    this.nameFrom = at + 3;
    this.nameTo = end - 13;
    if (this.nameTo < this.nameFrom || !isAt(bytes, at + 2, '/') || !isAt(bytes, this.nameTo, '-')) return false;
    if (!isSame(bytes, at, hash, 2) || !isSame(bytes, this.nameTo + 1, hash, 12)) return false;
    at = end + NO_DIRECTORY.length;
    if (!isAt(bytes, at, OUTPUTS) || !isAt(bytes, at + OUTPUTS.length, PATH)) return false;
    this.pathFrom = at + OUTPUTS.length + PATH.length;
    this.pathTo = endOfPlain(bytes, this.pathFrom, to);
    if (this.pathTo < 0 || !isAt(bytes, this.pathTo, SIZE)) return false;
    const size = this.pathTo + SIZE.length;
    at = endOfDigits(bytes, size);
    this.size = decimal(bytes, size, at);
    if (!isAt(bytes, at, MTIME)) return false;
    const time = at + MTIME.length;
    at = endOfDigits(bytes, time);
    // With more digits than these it is no time that a file can have.
    if (at - time < 10 || at - time > 19) return false;
    this.seconds = decimal(bytes, time, at - 9);
    this.nanoseconds = decimal(bytes, at - 9, at);
    return isAt(bytes, at, SHA) && isAt(bytes, at + SHA.length + HASH, LAST);
  }
}

/**
 * What a result is checked by, from the beginning of its line alone. The directory is as the line has it. Undefined for a line of another
 * form, for a name that JSON writes in another way than it is, and for a result that has read others.
 * @param head is filled: whose line it is
 */
export function readEvidence(bytes: Buffer, from: number, to: number, head: ResultHead): Evidence | undefined {
  if (!head.read(bytes, from, to)) return undefined;
  let at = behindTimes(bytes, head);
  if (at < 0) return undefined;
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
    at = endOfDigits(bytes, end + SIZE.length);
    const size = decimal(bytes, end + SIZE.length, at);
    if (!isAt(bytes, at, MTIME)) return undefined;
    const time = at + MTIME.length;
    at = endOfDigits(bytes, time);
    if (at === time || !isAt(bytes, at, SHA)) return undefined;
    outputs.push({path, size, mtimeNs: BigInt(bytes.toString('latin1', time, at))});
    at += SHA.length + HASH + 2;
    if (bytes[at] === COMMA) at++;
  }
  // What follows is `],"exit":`; anything else was no list of files.
  if (bytes[at] !== 93) return undefined;
  return directory === undefined ? {outputs, took: head.took} : {directory, outputs, took: head.took};
}

/** Where the directory stands, behind the times; less than 0 where the result has read others. */
function behindTimes(bytes: Buffer, {labelTo}: ResultHead): number {
  const at = endOfDigits(bytes, labelTo + EDITION.length);
  if (!isAt(bytes, at, READ) || !isAt(bytes, at + READ.length, '{}')) return -1;
  return at + READ.length + 2 + STARTED.length + ISO_LENGTH + ENDED.length + ISO_LENGTH;
}

function endOfDigits(bytes: Buffer, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  return at;
}

function isSame(bytes: Buffer, one: number, other: number, length: number): boolean {
  for (let n = 0; n < length; n++) if (bytes[one + n] !== bytes[other + n]) return false;
  return true;
}
