import {readFileSync, statSync} from 'node:fs';

/** The most of a log that is read, in bytes: the end of it is what matters. */
const MOST = 1 << 20;

/** The end of a log; empty if it can't be read. */
export function readLogTail(path: string): string {
  try {
    const {size} = statSync(path);
    const bytes = readFileSync(path);
    return bytes.subarray(Math.max(0, size - MOST)).toString('utf8');
  } catch {
    return '';
  }
}
