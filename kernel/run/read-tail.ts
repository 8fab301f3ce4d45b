import {closeSync, fstatSync, openSync, readFileSync, readSync} from 'node:fs';

/** The last bytes of a log, whole lines of UTF-8 where there are any; empty if it can't be read. */
export function readTail(path: string, bytes: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const {size} = fstatSync(file);
    if (size <= bytes) return readFileSync(file, 'utf8');
    const buffer = Buffer.alloc(bytes);
    readSync(file, buffer, 0, bytes, size - bytes);
    const text = buffer.toString('utf8');
    const line = text.indexOf('\n');
    return line < 0 ? text : text.slice(line + 1);
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
