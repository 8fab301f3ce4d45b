import {closeSync, openSync, readSync} from 'node:fs';
import {StringDecoder} from 'node:string_decoder';

/** What the log of a command-line task says of how it went. */
export interface LogSigns {
  /** Initialisation failed: the exit may be 0 all the same. */
  readonly initialization?: string;
  /** The first data id that failed. */
  readonly failed?: string;
  /** There was nothing to do. */
  readonly noData?: string;
}

const INITIALIZATION = /FATAL:? .*Failed in task initialization: .*/;
const FAILED = /Failed on dataIds?=.*/;
const NO_DATA =
  /Not running the task because there is no data to process|No exposures to coadd|No coadd temporary exposures found|No data found for dataId=.*/;

/** Reads the whole of a log, line by line, in a memory that does not grow with it. */
export function readSigns(path: string): LogSigns {
  const signs: {initialization?: string; failed?: string; noData?: string} = {};
  for (const line of linesOf(path)) {
    const initialization = INITIALIZATION.exec(line)?.[0];
    if (initialization !== undefined) signs.initialization ??= initialization;
    const failed = FAILED.exec(line)?.[0];
    if (failed !== undefined) signs.failed ??= failed;
    const noData = NO_DATA.exec(line)?.[0];
    // The reason before the consequence: "No data found for …" comes first.
    if (noData !== undefined) signs.noData ??= noData;
  }
  return signs;
}

function* linesOf(path: string): Generator<string> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const buffer = Buffer.alloc(1 << 16);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count === 0) break;
      const lines = (rest + decoder.write(buffer.subarray(0, count))).split('\n');
      // A line without an end is no line of a log.
      rest = (lines.pop() ?? '').slice(0, 1 << 20);
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}

/** What the system says where a disk or a quota is full. */
const FULL = /No space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/i;

/**
 * The line of a log that says why a command failed: a data id's, an initialisation's, or the last line of a traceback. A full disk
 * is said with what to do, as the line of the task may not name it at all.
 */
export function explainLog(log: string): string | undefined {
  const line = lineOf(log);
  if (!FULL.test(log.slice(-16_384))) return line;
  const words = 'no space is left for its files: free some space or raise the quota, then run the cell again';
  return line === undefined ? words : `${words} (${line})`;
}

function lineOf(log: string): string | undefined {
  const lines = log.split('\n');
  const marked = lines.find(line => FAILED.test(line)) ?? lines.find(line => INITIALIZATION.test(line));
  if (marked !== undefined) return (FAILED.exec(marked) ?? INITIALIZATION.exec(marked))?.[0];
  const start = lines.findLastIndex(line => line.startsWith('Traceback (most recent call last)'));
  if (start >= 0) {
    const error = lines.slice(start + 1).find(line => /^[A-Za-z_][\w.]*(?::|$)/.test(line));
    if (error !== undefined) return error;
  }
  return lines.findLast(line => /^\S+: error: /.test(line)) ?? lines.findLast(line => /\b(?:FATAL|ERROR)\b/.test(line));
}
