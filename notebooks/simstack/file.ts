import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';

let count = 0;

/** Writes a file as the butler does: its directory is made, a temporary beside it is renamed into place. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), {recursive: true});
  const temporary = `${path}${temporarySuffix()}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Writes a file only where other bytes stand: one that is the same keeps its times, and what was made from it stays valid. */
export function writeFileIfChanged(path: string, content: string | Uint8Array): void {
  let before: Buffer | undefined;
  try {
    before = readFileSync(path);
  } catch {
    before = undefined;
  }
  if (before?.equals(Buffer.from(content)) !== true) writeFileAtomic(path, content);
}

/** Eight characters that no other process uses now, as Python's tempfile appends them. */
export function temporarySuffix(): string {
  count += 1;
  return `${process.pid.toString(36)}${count.toString(36)}`.padStart(8, '_').slice(-8);
}
