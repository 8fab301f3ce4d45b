import {closeSync, openSync, readFileSync, readSync, statSync} from 'node:fs';

/** The last bytes of a log, whole lines of UTF-8 where there are any; empty if it can't be read. */
export function readTail(path: string, bytes: number): string {
  let file: number | undefined;
  try {
    // Most logs are empty, which is told without opening them.
    const {size} = statSync(path);
    if (size === 0) return '';
    if (size <= bytes) return readFileSync(path, 'utf8');
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(bytes);
    return wholeLines(buffer.toString('utf8', 0, readSync(file, buffer, 0, bytes, size - bytes)));
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The same of a text that was read. */
export function tailOf(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  return buffer.length <= bytes ? text : wholeLines(buffer.toString('utf8', buffer.length - bytes));
}

function wholeLines(text: string): string {
  const line = text.indexOf('\n');
  return line < 0 ? text : text.slice(line + 1);
}
